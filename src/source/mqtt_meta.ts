import type { MqttMessage } from "../connection/mod.ts";
import type { Row, SourceItem } from "../contract/mod.ts";

/**
 * The tuple of a message: its bytes, and as metadata `topic`, `qos`, `retain`, at QoS 1 `messageId`, `duplicate` when
 * the broker says that it may have come before, and of version 5 `userProperties`, `contentType`, `responseTopic`,
 * `correlationData`, `payloadFormat` (true for text) and `messageExpiryInterval` (seconds).
 */
export function itemOf(message: MqttMessage): SourceItem {
  const { topic, qos, retain, properties } = message;
  const meta: Row = qos === 0
    ? { topic, qos, retain }
    : { topic, qos, retain, messageId: message.messageId };
  if (message.dup) meta.duplicate = true;
  if (properties !== undefined) addProperties(meta, properties);
  const { payload } = message;
  return {
    payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
    meta,
  };
}

/** A plain array of bytes: the library's kind prints as an object of its own. */
function bytesOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function addProperties(meta: Row, properties: NonNullable<MqttMessage["properties"]>): void {
  const { userProperties, correlationData } = properties;
  if (userProperties !== undefined) meta.userProperties = { ...userProperties };
  if (properties.contentType !== undefined) meta.contentType = properties.contentType;
  if (properties.responseTopic !== undefined) meta.responseTopic = properties.responseTopic;
  if (correlationData !== undefined) meta.correlationData = bytesOf(correlationData);
  if (properties.payloadFormatIndicator !== undefined) {
    meta.payloadFormat = properties.payloadFormatIndicator;
  }
  if (properties.messageExpiryInterval !== undefined) {
    meta.messageExpiryInterval = properties.messageExpiryInterval;
  }
}
