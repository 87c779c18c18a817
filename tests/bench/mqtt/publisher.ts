/**
 * Publishes as fast as the broker reads: ready-made packets on a socket, so that publishing is not what limits.
 * Arguments: address, number of messages.
 */
const [url = "", total = "0"] = Deno.args;
const { hostname, port } = new URL(url.replace(/^tcp:/, "http:"));
using socket = await Deno.connect({ hostname, port: Number(port) });

const PACKETS_IN_WRITE = 200;

await write(
  packet(0x10, concat(text("MQTT"), new Uint8Array([4, 2, 0, 60]), text("bench-publisher"))),
);
await socket.read(new Uint8Array(4));
const count = Number(total);
for (let sent = 0; sent < count; sent += PACKETS_IN_WRITE) {
  const packets = Array.from(
    { length: Math.min(PACKETS_IN_WRITE, count - sent) },
    (_, i) => publish(sent + i),
  );
  await write(concat(...packets));
}
await write(packet(0xe0, new Uint8Array(0)));
// The broker closes when it has read everything.
await socket.read(new Uint8Array(1)).catch(() => {});
console.log(JSON.stringify("published"));

/** A hundred bytes of JSON, or two less. */
function publish(i: number): Uint8Array {
  const row = {
    id: 1_000_000 + i,
    device: "sensor-0042",
    // From 10.5 to 99.5, always as long: rules that filter let half of them through.
    temperature: 10.5 + i % 90,
    humidity: 60.25,
    ok: true,
  };
  const payload = JSON.stringify({ ...row, note: "abcd" });
  return packet(0x30, concat(text("bench/row"), new TextEncoder().encode(payload)));
}

function packet(kind: number, body: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = body.length;;) {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    length.push(rest > 0 ? digit | 128 : digit);
    if (rest === 0) break;
  }
  return concat(new Uint8Array([kind, ...length]), body);
}

/** A text as the protocol writes it: its length in two bytes first. */
function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return concat(new Uint8Array([bytes.length >> 8, bytes.length & 255]), bytes);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

async function write(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}
