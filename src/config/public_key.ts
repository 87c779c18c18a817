/** What an Ed25519 key in SPKI form begins with. */
const SPKI = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const KEY_BYTES = 32;

/**
 * Read a public Ed25519 key: base64 of its 32 bytes, or PEM as `openssl pkey -pubout` writes it.
 *
 * @returns the 32 bytes in base64; undefined when it is no such key.
 */
export function publicKey(text: string): string | undefined {
  const pem = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/
    .exec(text);
  let bytes: string;
  try {
    bytes = atob((pem?.[1] ?? text).replace(/\s/g, ""));
  } catch {
    return undefined;
  }
  if (SPKI.every((byte, i) => bytes.charCodeAt(i) === byte)) bytes = bytes.slice(SPKI.length);
  else if (pem !== null) return undefined;
  return bytes.length === KEY_BYTES ? btoa(bytes) : undefined;
}
