import type { Callable, Realm } from "./realm.ts";

const { apply } = Reflect;
const { defineProperty } = Object;

/**
 * `node:util` without what the runtime tells it of the program: its arguments, which `parseArgs` takes where it is given
 * none, and `NODE_DEBUG`. A plugin runs when they are called, so they use nothing that a plugin could have replaced.
 *
 * @param util the module; the object that it exports by default is changed, too.
 */
export function tamedUtil(util: object): object {
  const { parseArgs, default: whole } = util as Realm;
  const instead = {
    parseArgs: withoutArguments(parseArgs as Callable),
    debuglog: silentLog,
    debug: silentLog,
  };
  Object.assign(whole as object, instead);
  return { ...util, ...instead };
}

function withoutArguments(parseArgs: Callable): Callable {
  return (config) => {
    const given: Realm = { ...config as object | undefined };
    given.args ??= [];
    return apply(parseArgs, undefined, [given]);
  };
}

/** A log of a name that nobody asked to see. */
function silentLog(): object {
  return defineProperty(() => {}, "enabled", { value: false });
}
