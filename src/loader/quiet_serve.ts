import type { OwnAnswers } from "./own_answer.ts";
import type { OwnRequests } from "./own_request.ts";
import type { Callable, Realm } from "./realm.ts";

const { apply } = Reflect;

/**
 * The runtime prints what a handler throws as it stands, escapes included, on the program's own standard error, and where a
 * server listens. Here the plugin's console gets what was thrown.
 *
 * @param served what is asked and answered; absent where nothing of the network is granted.
 */
export function quietServe(
  serve: Callable,
  realm: Realm,
  served: { answers: OwnAnswers; requests: OwnRequests } | undefined,
): Callable {
  const { prototype } = Response;
  const make = Response;
  const typeOf = Object.getOwnPropertyDescriptor(prototype, "type")!.get!;
  const isUsed = Object.getOwnPropertyDescriptor(prototype, "bodyUsed")!.get!;
  // Both throw for what only looks like one.
  const isAnswer = (value: unknown) =>
    apply(typeOf, value, []) !== "error" && apply(isUsed, value, []) === false;
  const onErrorOf = (onError: unknown) => async (error: unknown) => {
    try {
      if (typeof onError === "function") {
        const answer = await onError(error);
        if (isAnswer(answer)) return answer;
      } else tell(realm, error);
    } catch (second) {
      tell(realm, second);
    }
    return new make("Internal Server Error", { status: 500 });
  };
  /** A handler whose answers are made here; it never throws. */
  const ownOf = (
    handler: Callable,
    { answers, requests, onError }: {
      answers: OwnAnswers;
      requests: OwnRequests;
      onError: (error: unknown) => Promise<unknown>;
    },
  ): Callable =>
  async (given, info) => {
    const request = given as object;
    try {
      return answers.own(await handler(requests.own(request), info), request);
    } catch (error) {
      const answer = await onError(error);
      try {
        return answers.own(answer, request);
      } catch (second) {
        tell(realm, second);
        return new make("Internal Server Error", { status: 500 });
      }
    }
  };
  return (first, second) => {
    const isHandler = typeof first === "function";
    const options: Realm = isHandler ? {} : { ...first as Realm };
    const onError = onErrorOf(options.onError);
    // What the runtime asks after ours gave an answer is none of the plugin's.
    options.onError = (error: unknown) => {
      tell(realm, error);
      return new make("Internal Server Error", { status: 500 });
    };
    // Without one the runtime says where it is.
    options.onListen ||= () => {};
    // As the runtime chooses: one that is no function would be passed over there, and the other not looked at here.
    let handler = isHandler ? first : typeof second === "function" ? second : options.handler;
    if (served !== undefined && typeof handler === "function") {
      handler = ownOf(handler as Callable, { ...served, onError });
    }
    return apply(serve, undefined, handler === undefined ? [options] : [options, handler]);
  };
}

/** A console that the plugin has replaced may throw. */
function tell(realm: Realm, error: unknown): void {
  try {
    (realm.console as Console).error(error);
  } catch {
    // It has said all that it wants to be heard.
  }
}
