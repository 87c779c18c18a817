import { headerList } from "./header_list.ts";
import { lateStream } from "./own_request.ts";

const { apply, getOwnPropertyDescriptor } = Reflect;
const { defineProperty, getPrototypeOf } = Object;
const MakeError = TypeError;
const MakeResponse = Response;

/** What a server hands to the runtime, which asks it where an error is printed. */
export interface OwnAnswers {
  /** What a plugin gets, and gives back, in the place of an answer to `request` that the runtime has made itself. */
  standIn(answer: object, request: object): object;
  /** Whether it was answered. */
  isAnswered(request: object): boolean;
  /** An answer to `request` like this one that nobody else has. @throws what of the plugin's is run by that. */
  own(answer: unknown, request: object): object;
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
  const inResponse = partOf(new Response());
  /** What stands in for an answer of the runtime's. */
  const standIns = new WeakSet<object>();
  /** Requests that were answered. */
  const answered = new WeakSet<object>();
  /** The runtime's answers, by the request that each was made for. */
  const realAnswers = new WeakMap<object, object>();
  const { add, has } = WeakSet.prototype;
  const { get: getOf, set: setOf } = WeakMap.prototype;
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
    standIn(answer, request) {
      seal(answer, SWITCHING_PROTOCOLS);
      const instead = new MakeResponse(null);
      fix(instead, "status", SWITCHING_PROTOCOLS);
      apply(add, standIns, [instead]);
      apply(setOf, realAnswers, [request, answer]);
      return instead;
    },
    isAnswered: (request) => apply(has, answered, [request]),
    own(answer, request) {
      // Whatever is given: the runtime complains of a request that is upgraded and answered in another way.
      const real = apply(getOf, realAnswers, [request]) as object | undefined;
      if (real !== undefined) return real;
      apply(add, answered, [request]);
      if (apply(has, standIns, [answer as object])) {
        throw new MakeError("This answer was made for another request");
      }
      const status = apply(statusOf, answer, []) as number;
      if (apply(isUsed, answer, []) === true) {
        throw new MakeError("The body of this answer is used");
      }
      const headers = headerList(apply(headersOf, answer, []));
      let body: unknown = wholeOf(answer);
      if (body === undefined) {
        const stream = apply(bodyOf, answer, []) as object | null;
        body = stream === null ? null : lateStream(() => stream, refuseNoBytes);
      }
      const made = new MakeResponse(body as BodyInit | null, { status, headers });
      seal(made, status);
      return made;
    },
  };
}

const SWITCHING_PROTOCOLS = 101;

/** Fix what the runtime asks an answer by what a plugin could have replaced. */
function seal(answer: object, status: number): void {
  fix(answer, "type", "default");
  fix(answer, "bodyUsed", false);
  fix(answer, "status", status);
  fix(answer, "then", undefined);
}

const tagOf = getterOf(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);

function isBytes(value: unknown): value is Uint8Array {
  return apply(tagOf, value, []) === "Uint8Array";
}

function refuseNoBytes(value: unknown): void {
  if (!isBytes(value)) {
    throw new MakeError("The body of an answer gave something that is no bytes");
  }
}

/** The symbol under which the runtime keeps what an answer is made of. */
function partOf(object: object): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) =>
    String(symbol) === "Symbol(response)"
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
