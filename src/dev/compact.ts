import { parse } from "acorn";

/**
 * JavaScript without comments, indentation and empty lines, which a program that is parsed at each start need not have.
 * Names and statements stay as they are, so that a stack says where something was thrown.
 *
 * @param text a module.
 * @throws SyntaxError where it is none.
 */
export function compact(text: string): string {
  let short = "";
  let end = 0;
  parse(text, {
    ecmaVersion: "latest",
    sourceType: "module",
    onToken(token) {
      const between = text.slice(end, token.start);
      // Where a line ends a statement may end, too.
      short += between === "" ? "" : /[\n\u2028\u2029]/.test(between) ? "\n" : " ";
      short += text.slice(token.start, token.end);
      end = token.end;
    },
  });
  return short;
}
