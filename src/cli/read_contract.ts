/** The declarations of the module "kuiper", from the executable itself. */
export async function readContract(): Promise<string> {
  return await Deno.readTextFile(new URL("../../src/contract/kuiper.d.ts", import.meta.url));
}
