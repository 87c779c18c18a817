import { assertEquals } from "@std/assert";
import { main } from "../../../src/cli/mod.ts";
import { FakeIo } from "./fake_io.ts";

type Finding = { severity: "error" | "warning"; where: string; message: string };

async function validate(findings: Finding[]): Promise<[code: number, out: string, err: string]> {
  const io = new FakeIo({ engine: { validate: () => Promise.resolve(findings) } });
  return [await main(["validate"], io), io.out, io.err];
}

Deno.test("validate ends with 0 when there is nothing to say", async () => {
  assertEquals(await validate([]), [0, "", "0 errors, 0 warnings\n"]);
});

Deno.test("validate ends with 0 for warnings alone", async () => {
  const found = await validate([{ severity: "warning", where: "KUIPER__X", message: "unused" }]);
  assertEquals(found, [0, "", "warning: KUIPER__X: unused\n0 errors, 1 warning\n"]);
});

Deno.test("validate says every finding on stderr and ends with 1", async () => {
  const found = await validate([
    { severity: "error", where: "etc/mqtt_source.yaml:7:8", message: '"default.qos" is "high"' },
    { severity: "error", where: 'stream "demo"', message: 'Unknown TYPE "rnd"' },
  ]);
  assertEquals(found, [
    1,
    "",
    'error: etc/mqtt_source.yaml:7:8: "default.qos" is "high"\n' +
    'error: stream "demo": Unknown TYPE "rnd"\n2 errors, 0 warnings\n',
  ]);
});
