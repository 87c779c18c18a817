import { connectMqtt } from "./mqtt.ts";
import type { MqttOptions } from "./mqtt_options.ts";

/** Milliseconds that forgetting a session may take. */
const FORGET_MS = 1000;

/**
 * Have the broker forget the session of a client that is closed. With version 5 the farewell has said it; before, a
 * session ends when its client asks for a clean one. Never rejects: a broker that is gone drops it by its own rules.
 */
export async function forgetMqttSession(options: MqttOptions): Promise<void> {
  if (options.protocolVersion === "5") return;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), FORGET_MS);
  try {
    const connection = await connectMqtt({ ...options, clean: true }, {
      onMessage: (_message, done) => done(),
      mostBytes: () => 0,
      signal: late.signal,
    });
    await connection.close();
  } catch {
    // It is gone, or late.
  } finally {
    clearTimeout(timer);
  }
}
