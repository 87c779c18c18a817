import { assertRejects } from "@std/assert";
import { KuiperError } from "../../../src/core/mod.ts";
import { cutRuntime } from "../../../src/dev/unofficial_runtime.ts";

Deno.test("cutRuntime() refuses an executable of another length, and of another content", async () => {
  await assertRejects(
    () => cutRuntime(new Uint8Array(64)),
    KuiperError,
    "its runtime has undefined bytes, expected 97760192",
  );
  const bytes = new Uint8Array(97_760_192 + 5);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  view.setUint16(4, 0x0201);
  view.setBigUint64(0x28, 97_760_192n, true);
  await assertRejects(() => cutRuntime(bytes), KuiperError, "sha256 of its runtime is");
});
