const { apply } = Reflect;
const { forEach } = Headers.prototype;
const MakeError = TypeError;

/** Most headers of a request or an answer of a plugin's. */
const MOST_HEADERS = 1000;
/** Most characters of the name of one. */
const MOST_OF_NAME = 8192;
/** Most characters of all. */
const MOST_OF_ALL = 262_144;

/**
 * The names and values in a `Headers`. The runtime ends the program for more than it has room for, or a longer name. A
 * plugin runs when this is asked, so it uses nothing that a plugin could have replaced.
 *
 * @throws TypeError for what is no `Headers`, or has too many or too long ones.
 */
export function headerList(headers: unknown): [name: string, value: string][] {
  const list: [string, string][] = [];
  let length = 0;
  apply(forEach, headers, [(value: string, name: string) => {
    length += name.length + value.length;
    if (list.length === MOST_HEADERS || name.length > MOST_OF_NAME || length > MOST_OF_ALL) {
      throw new MakeError(
        `Cannot send these headers: at most ${MOST_HEADERS} pass, names of ${MOST_OF_NAME} characters ` +
          `and ${MOST_OF_ALL} in all`,
      );
    }
    list[list.length] = [name, value];
  }]);
  return list;
}
