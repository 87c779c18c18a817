/**
 * What a plugin's realm keeps. Everything else is taken away before the plugin loads, so what a later version of the
 * runtime adds is absent until it is listed here.
 */

/** Globals: the language, and of the web what computes, waits, and asks for permission by itself. */
export const ALLOWED_GLOBALS: ReadonlySet<string> = new Set(
  (
    // The language
    "Object Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp " +
    "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError " +
    "globalThis JSON Math Intl ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array " +
    "BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array DataView Map BigInt " +
    "Set Iterator WeakMap WeakSet Proxy Reflect FinalizationRegistry WeakRef DisposableStack " +
    "AsyncDisposableStack Temporal WebAssembly decodeURI decodeURIComponent encodeURI encodeURIComponent escape " +
    "unescape isFinite isNaN " +
    // The realm
    "self global " +
    // Events and waiting
    "AbortController AbortSignal CloseEvent CustomEvent DOMException ErrorEvent Event EventTarget MessageEvent " +
    "ProgressEvent PromiseRejectionEvent QuotaExceededError queueMicrotask setTimeout setInterval clearTimeout " +
    "clearInterval setImmediate clearImmediate reportError performance addEventListener dispatchEvent " +
    // Bytes, text and streams
    "Blob File FormData TextDecoder TextEncoder TextDecoderStream TextEncoderStream atob btoa " +
    "ByteLengthQueuingStrategy CountQueuingStrategy CompressionStream DecompressionStream ReadableStream " +
    "ReadableStreamDefaultReader ReadableStreamBYOBReader ReadableStreamBYOBRequest " +
    "ReadableByteStreamController ReadableStreamDefaultController TransformStream " +
    "TransformStreamDefaultController WritableStream WritableStreamDefaultWriter " +
    "WritableStreamDefaultController " +
    // The network
    "URL URLPattern URLSearchParams Headers Request Response fetch WebSocket EventSource " +
    // Cryptography
    "crypto Crypto CryptoKey SubtleCrypto"
  ).split(" "),
);

/** Of `Deno`: what the runtime itself guards with a permission, and what only computes. */
export const ALLOWED_DENO: readonly string[] = (
  // net
  "connect connectTls startTls listen listenTls resolveDns createHttpClient serve upgradeWebSocket " +
  // read and write
  "open openSync create createSync readFile readFileSync readTextFile readTextFileSync readDir readDirSync stat " +
  "statSync lstat lstatSync realPath realPathSync readLink readLinkSync watchFs writeFile writeFileSync " +
  "writeTextFile writeTextFileSync mkdir mkdirSync remove removeSync rename renameSync copyFile copyFileSync " +
  "truncate truncateSync makeTempDir makeTempDirSync makeTempFile makeTempFileSync SeekMode " +
  // sys
  "hostname osRelease osUptime loadavg systemMemoryInfo networkInterfaces uid gid " +
  // nothing to guard
  "inspect version build refTimer unrefTimer"
).split(" ");

/** Of `Deno`, for a grant that opens the sandbox. */
export const UNSAFE_DENO: readonly string[] = ["Command", "dlopen"];

/** Of `process`: what the runtime's own modules and bundled libraries read. */
export const ALLOWED_PROCESS: ReadonlySet<PropertyKey> = new Set([
  "nextTick",
  "version",
  "versions",
  "platform",
  "arch",
  "release",
  "hrtime",
  "features",
  "noDeprecation",
  "exitCode",
  "_exiting",
  "_events",
  "_eventsCount",
  "_maxListeners",
]);
