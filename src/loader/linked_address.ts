/** What an address loses or what ends it; a colon ends the text where a stack is read (source_map.ts). */
const ENCODED = ["%", "#", "?", ":", "\n", "\r", "\t"] as const;

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
