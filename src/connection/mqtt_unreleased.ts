import type { Packet } from "mqtt";

/**
 * What the library keeps of messages at QoS 2 until the broker releases them. We subscribe at QoS 1 at most, but a session
 * may have such messages from before.
 */
export class UnreleasedBytes {
  readonly #byId = new Map<number, number>();
  #bytes = 0;

  /** @returns how many bytes are kept after this packet. */
  keeps(packet: Packet): number {
    const isReleased = packet.cmd === "pubrel";
    if (isReleased || packet.cmd === "publish" && packet.qos === 2) {
      const id = packet.messageId!;
      this.#bytes -= this.#byId.get(id) ?? 0;
      const bytes = isReleased ? 0 : packet.length ?? packet.payload.length;
      if (isReleased) this.#byId.delete(id);
      else this.#byId.set(id, bytes);
      this.#bytes += bytes;
    }
    return this.#bytes;
  }
}
