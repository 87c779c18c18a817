/** What an address loses or what ends it; a colon ends the text where a stack is read (source_map.ts). */
const ENCODED = ["%", "#", "?", ":", "\n", "\r", "\t"] as const;

/** The address of linked text with a place in it: its first colon ends it. */
export const LINKED_PLACE = /data:text\/javascript,[^:\n]*:(\d+):(\d+)/g;

/** A message in which the address of a module stands as short as can be: its place is still there. */
export function withoutText(message: string): string {
  return message.replaceAll(LINKED_PLACE, "data:text/javascript,:$1:$2");
}

/**
 * A module as an address that the runtime imports. Only what has to be is encoded: the runtime walks over the address a
 * dozen times and encodes the rest itself.
 *
 * @param text of the module, well-formed; it ends with a line's end, since blanks at an address's end are cut off.
 */
export function linkedAddress(text: string): string {
  let encoded = text;
  for (const character of ENCODED) {
    encoded = encoded.replaceAll(character, encodeURIComponent(character));
  }
  return `data:text/javascript,${encoded}`;
}
