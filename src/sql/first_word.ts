/** White space and comments. */
const BLANK = /^(?:\s|--[^\n]*|\/\*[^]*?\*\/)*/;

/** The word that a statement begins with, in lower case, behind white space and comments; empty when there is none. */
export function firstWord(sql: string): string {
  const start = BLANK.exec(sql)![0].length;
  return /^\w*/.exec(sql.slice(start))![0].toLowerCase();
}
