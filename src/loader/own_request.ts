import { headerList } from "./header_list.ts";

const { apply, getOwnPropertyDescriptor } = Reflect;
const { get: getOf, set: setOf } = WeakMap.prototype;
const MakeRequest = Request;
const MakeStream = ReadableStream;

/** What a server of a plugin's is asked, in requests that are made here. */
export interface OwnRequests {
  /** A request like this one of the runtime's. @throws TypeError for a method that no request may have. */
  own(real: object): object;
  /** The runtime's own behind a request; undefined for one that is not made here. */
  realOf(own: unknown): object | undefined;
}

/**
 * Requests of ours in the place of the runtime's. That one asks its own again when it is answered, prints what is thrown
 * then, and frees memory by it that it goes on to use: so it is in nobody's hands. Of ours nothing is asked. Its
 * signal is never aborted: that a client has gone is heard when the stream of an answer is cancelled.
 */
export function ownRequests(): OwnRequests {
  const { prototype } = Request;
  const methodOf = getterOf(prototype, "method");
  const urlOf = getterOf(prototype, "url");
  const headersOf = getterOf(prototype, "headers");
  const bodyOf = getterOf(prototype, "body");
  const reals = new WeakMap<object, object>();
  return {
    own(real) {
      const method = apply(methodOf, real, []) as string;
      const headers = headerList(apply(headersOf, real, []));
      const body = method === "GET" || method === "HEAD"
        ? {}
        : { body: lateStream(() => apply(bodyOf, real, []) as object | null), duplex: "half" };
      const made = new MakeRequest(apply(urlOf, real, []) as string, { method, headers, ...body });
      apply(setOf, reals, [made, real]);
      return made;
    },
    realOf: (own) =>
      typeof own === "object" && own !== null ? apply(getOf, reals, [own]) : undefined,
  };
}

const { getReader } = ReadableStream.prototype;
const { read, cancel } = ReadableStreamDefaultReader.prototype;
const { enqueue, close } = ReadableStreamDefaultController.prototype;

/**
 * A stream that gives what another gives, which is asked for when this one is read, and is in nobody else's hands.
 *
 * @param open gives the other one; null is an empty one.
 * @param check throws for what shall not be given. @default {gives all}
 */
export function lateStream(
  open: () => object | null,
  check: (value: unknown) => void = () => {},
): ReadableStream {
  let reader: unknown;
  const opened = (): unknown => {
    const stream = reader === undefined ? open() : null;
    return reader ??= stream === null ? null : apply(getReader, stream, []);
  };
  return new MakeStream({
    async pull(controller) {
      if (opened() === null) return apply(close, controller, []);
      const { done, value } = await apply(read, reader, []) as ReadableStreamReadResult<unknown>;
      if (done) apply(close, controller, []);
      else {
        check(value);
        apply(enqueue, controller, [value]);
      }
    },
    cancel: async (reason) => {
      if (opened() !== null) await apply(cancel, reader, [reason]);
    },
  }, { highWaterMark: 0 });
}

function getterOf(object: object, key: PropertyKey): () => unknown {
  return getOwnPropertyDescriptor(object, key)!.get!;
}
