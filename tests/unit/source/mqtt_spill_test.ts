import { assertEquals, assertThrows } from "@std/assert";
import { MqttSpill } from "../../../src/source/mqtt_spill.ts";

const payload = (text: string) => new TextEncoder().encode(text);

async function withFolder(run: (folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    run(`${folder}/data`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("MqttSpill gives items back in order, with their bytes and metadata", () =>
  withFolder((folder) => {
    using spill = new MqttSpill(folder);
    const items = [
      { payload: payload("ü"), meta: { topic: "plant/ü", qos: 1, retain: false, messageId: 7 } },
      { payload: new Uint8Array(), meta: {} },
      { payload: new Uint8Array(100_000).fill(255), meta: { correlationData: payload("\0x") } },
    ];
    for (let round = 0; round < 3; round++) {
      for (const item of items) assertEquals(spill.push(item), true);
      assertEquals(spill.size, 3);
      assertEquals([spill.take(), spill.take(), spill.take(), spill.take()], [...items, undefined]);
    }
  }));

Deno.test("MqttSpill has no file that anybody could find, and is bounded", () =>
  withFolder((folder) => {
    using spill = new MqttSpill(folder, { bytes: 80 });
    assertEquals([...Deno.readDirSync(folder)], []);
    const item = { payload: new Uint8Array(22), meta: {} };
    assertEquals([1, 2, 3].map(() => spill.push(item)), [true, true, false]);
    spill.take();
    assertEquals(spill.push(item), false);
    spill.take();
    assertEquals(spill.push(item), true);
  }));

Deno.test("MqttSpill says why there can be no file", async () => {
  const file = await Deno.makeTempFile();
  assertThrows(() => new MqttSpill(`${file}/x`));
  await Deno.remove(file);
});
