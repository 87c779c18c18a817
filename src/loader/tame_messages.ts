const { apply, ownKeys } = Reflect;
// Unlike that of Reflect it throws where an object refuses.
const { defineProperty, freeze, getOwnPropertyDescriptor, preventExtensions } = Object;
const { add: addTo, has: hasOf } = WeakSet.prototype;

/** The method in which a WebSocket reads what comes, as the runtime names it for itself. */
const LOOP = "Symbol([[eventLoop]])";
/** The method that waits for a sign of life of whoever is at the other end. */
const WATCH = "Symbol([[serverHandleIdleTimeout]])";

/**
 * Hold the messages of sockets. The runtime tells no other events by its own dispatch, which goes by what lies open: by its table
 * of listeners, where a plugin could put one of its own; by what the target says of its place in a tree; by the event.
 * What is thrown there it looks at and may print. The one way to that dispatch is the loop in which a socket reads, a method
 * that a plugin could call on objects of its own, too. So whatever that loop runs on gets before a table with one listener,
 * {@link relay}, and no place in a tree; neither can be changed any more, and a Proxy has to say the same. What an event
 * says of itself is held by `tameEvents`.
 *
 * A socket of a server has a timer that lies open, too, and by which the event loop goes. It gets none: who is gone without a
 * word is noticed when something is sent.
 *
 * @param prototype of the runtime's own `WebSocket`.
 * @param relay is told of each message with the socket as `this`. It throws nothing.
 * @returns whether the table of a target is held: the runtime's own `addEventListener` cannot change it.
 * @throws Error where the runtime has no such loop or table: nothing would be held.
 */
export function holdMessages(
  prototype: object,
  relay: (this: unknown, event: unknown) => void,
): (target: object) => boolean {
  const table = tableSymbol();
  const loop = ownKeys(prototype).find((key) => String(key) === LOOP);
  const watch = ownKeys(prototype).find((key) => String(key) === WATCH);
  if (table === undefined || loop === undefined || watch === undefined) {
    throw new Error(
      "Cannot run a plugin that may use the network: this version of Deno keeps the listeners of a WebSocket in another way",
    );
  }
  const read = getOwnPropertyDescriptor(prototype, loop)!.value as () => unknown;
  const held = new WeakSet<object>();
  const options = bare({ capture: false, once: false, passive: false });
  const message = freeze([bare({ callback: relay, options })]);
  const data = bare({
    assignedSlot: false,
    hasActivationBehavior: false,
    host: null,
    listeners: bare({ message }),
    mode: "",
  });
  fix(prototype, watch, () => {});
  fix(prototype, loop, function (this: object) {
    fix(this, table, data);
    fix(this, "nodeType", undefined);
    apply(addTo, held, [this]);
    return apply(read, this, []);
  });
  return (target) => apply(hasOf, held, [target]);
}

/** By what a target has its table of listeners. */
function tableSymbol(): symbol | undefined {
  const target = new EventTarget();
  target.addEventListener("x", () => {});
  return Object.getOwnPropertySymbols(target).find((symbol) => {
    const data = getOwnPropertyDescriptor(target, symbol)!.value as { listeners?: unknown };
    return data?.listeners !== undefined;
  });
}

/** Make an object that inherits nothing and stays as it is. */
function bare(values: object): object {
  return freeze(Object.assign(Object.create(null), values));
}

function fix(object: object, key: PropertyKey, value: unknown): void {
  defineProperty(object, key, {
    __proto__: null,
    value,
    writable: false,
    enumerable: false,
    configurable: false,
  } as PropertyDescriptor);
}

/**
 * Hold what the runtime asks an event that it dispatches itself: how it is made, and each property that a getter gives. A plugin that is
 * asked there is handed the event before anybody is told, with the way that it goes.
 */
export function holdEvents(): void {
  // What it inherits from makes it.
  preventExtensions(MessageEvent);
  for (const { prototype } of [Event, MessageEvent]) {
    preventExtensions(prototype);
    for (const key of ownKeys(prototype)) {
      const { get, set } = getOwnPropertyDescriptor(prototype, key)!;
      if (get === undefined && set === undefined) continue;
      defineProperty(prototype, key, { configurable: false });
    }
  }
}
