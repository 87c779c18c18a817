/** A text that is another one when a file has changed, or another has taken its place; empty where there is none. */
export async function fileStamp(path: string): Promise<string> {
  try {
    const { mtime, size, ino } = await Deno.stat(path);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch {
    // Whoever reads it says why it cannot be read.
    return "";
  }
}
