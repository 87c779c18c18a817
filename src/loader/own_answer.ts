const { apply, getOwnPropertyDescriptor } = Reflect;
const { defineProperty, freeze, getPrototypeOf } = Object;
const MakeError = TypeError;
const MakeResponse = Response;
const MakeStream = ReadableStream;

/** What a server hands to the runtime, which asks it where an error is printed. */
export interface OwnAnswers {
  /** Lock what a request is made of: the runtime closes it when it is answered. */
  lock(request: unknown): void;
  /** Let an answer through as it is, which has to be the runtime's own; it is locked. */
  keep(answer: object): void;
  /** An answer like this one that nobody else has. @throws what of the plugin's is run by that. */
  own(answer: unknown): object;
}

/**
 * Answers that a plugin cannot change. What a `Response` is made of lies open in it, and what asking that throws while it is
 * sent the runtime prints, or it breaks. So it sends one that is made here, of the status, the headers and the body of
 * the plugin's.
 */
export function ownAnswers(): OwnAnswers {
  const { prototype } = Response;
  const statusOf = getterOf(prototype, "status");
  const headersOf = getterOf(prototype, "headers");
  const bodyOf = getterOf(prototype, "body");
  const isUsed = getterOf(prototype, "bodyUsed");
  const { forEach } = Headers.prototype;
  const inResponse = partOf(new Response());
  const inRequest = partOf(new Request("http://localhost/"));
  const kept = new WeakSet<object>();
  const { add, has } = WeakSet.prototype;
  // The runtime waits for what it does by the class that a promise says it is of.
  pin(Promise.prototype, "constructor");
  pin(Promise, Symbol.species);

  /** Text or bytes that need no stream, where there are any. */
  const wholeOf = (answer: unknown): string | Uint8Array | undefined => {
    const body = valueOf(valueOf(answer, inResponse), "body");
    const whole = valueOf(valueOf(body, "streamOrStatic"), "body");
    return typeof whole === "string" || isBytes(whole) ? whole : undefined;
  };

  return {
    lock(request) {
      const inner = valueOf(request, inRequest) as object;
      freeze(getPrototypeOf(inner));
      freeze(inner);
    },
    keep(answer) {
      apply(add, kept, [answer]);
      fix(answer, "status", 101);
      freeze(valueOf(answer, inResponse));
      freeze(answer);
    },
    own(answer) {
      if (apply(has, kept, [answer])) return answer as object;
      const status = apply(statusOf, answer, []) as number;
      if (apply(isUsed, answer, []) === true) {
        throw new MakeError("The body of this answer is used");
      }
      const headers: [string, string][] = [];
      apply(forEach, apply(headersOf, answer, []), [(value: string, name: string) => {
        headers[headers.length] = [name, value];
      }]);
      let body: unknown = wholeOf(answer);
      if (body === undefined) {
        const stream = apply(bodyOf, answer, []) as object | null;
        body = stream === null ? null : ownStream(stream);
      }
      const made = new MakeResponse(body as BodyInit | null, { status, headers });
      fix(made, "type", "default");
      fix(made, "bodyUsed", false);
      fix(made, "status", status);
      fix(made, "then", undefined);
      return made;
    },
  };
}

const { getReader } = ReadableStream.prototype;
const { read, cancel } = ReadableStreamDefaultReader.prototype;
const { enqueue, close } = ReadableStreamDefaultController.prototype;
const tagOf = getterOf(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);

function isBytes(value: unknown): value is Uint8Array {
  return apply(tagOf, value, []) === "Uint8Array";
}

/** A stream that gives what another gives, and is in nobody else's hands. */
function ownStream(stream: object): ReadableStream {
  const reader = apply(getReader, stream, []);
  return new MakeStream({
    async pull(controller) {
      const { done, value } = await apply(read, reader, []);
      if (done === true) apply(close, controller, []);
      else if (isBytes(value)) apply(enqueue, controller, [value]);
      else throw new MakeError("The body of an answer gave something that is no bytes");
    },
    cancel: (reason) => apply(cancel, reader, [reason]),
  }, { highWaterMark: 0 });
}

/** The symbol under which the runtime keeps what such an object is made of. */
function partOf(object: object): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) =>
    /^Symbol\((?:request|response)\)$/.test(String(symbol))
  );
}

function valueOf(object: unknown, key: PropertyKey | undefined): unknown {
  if (key === undefined || object === null || typeof object !== "object") return undefined;
  return getOwnPropertyDescriptor(object, key)?.value;
}

function getterOf(object: object, key: PropertyKey): () => unknown {
  return getOwnPropertyDescriptor(object, key)!.get!;
}

function fix(object: object, key: PropertyKey, value: unknown): void {
  defineProperty(object, key, { value, writable: false, configurable: false });
}

function pin(object: object, key: PropertyKey): void {
  const { value } = getOwnPropertyDescriptor(object, key)!;
  const isGiven = value === undefined;
  defineProperty(object, key, { configurable: false, ...isGiven ? {} : { writable: false } });
}
