/** An import or re-export found in a module. */
export interface FoundImport {
  /** The specifier, or undefined where a dynamic import computes it. */
  readonly specifier: string | undefined;
  /** Offset of the keyword in the text. */
  readonly offset: number;
}

const REGEX_AFTER_WORD =
  /\b(?:return|typeof|case|in|of|void|delete|throw|new|await|yield|else|do|instanceof)$/;

/**
 * `text` with comments and the contents of strings, templates and regular expressions turned into spaces. Length,
 * line breaks and quotes stay, so an offset means the same in both, and a search finds code only.
 *
 * Whether a slash divides or opens a regular expression is told by what stands before it; that is enough for the
 * formatted code of this repository.
 */
export function blankNonCode(text: string): string {
  const out = [...text.split("")];
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  // One entry per open template substitution: how many braces are open in it.
  const braces: number[] = [];
  let i = 0;
  const template = () => {
    // At the first character after a back-tick or after the brace that ends a substitution.
    const from = i;
    while (i < text.length && text[i] !== "`" && !text.startsWith("${", i)) {
      i += text[i] === "\\" ? 2 : 1;
    }
    blank(from, Math.min(i, text.length));
    if (text[i] === "`") i++;
    else {
      braces.push(0);
      i += 2;
    }
  };
  while (i < text.length) {
    const c = text[i];
    if (text.startsWith("//", i)) {
      const end = indexOr(text, "\n", i);
      blank(i, end);
      i = end;
    } else if (text.startsWith("/*", i)) {
      const end = indexOr(text, "*/", i + 2) + 2;
      blank(i, Math.min(end, text.length));
      i = end;
    } else if (c === '"' || c === "'") {
      const from = ++i;
      while (i < text.length && text[i] !== c && text[i] !== "\n") i += text[i] === "\\" ? 2 : 1;
      blank(from, Math.min(i, text.length));
      i++;
    } else if (c === "`") {
      i++;
      template();
    } else if (c === "/" && opensRegex(out, i)) {
      const end = regexEnd(text, i);
      if (end === undefined) i++;
      else {
        blank(i + 1, end);
        i = end + 1;
      }
    } else if (c === "{" && braces.length > 0) {
      braces[braces.length - 1]!++;
      i++;
    } else if (c === "}" && braces.length > 0) {
      i++;
      if (braces.at(-1) === 0) {
        braces.pop();
        template();
      } else braces[braces.length - 1]!--;
    } else i++;
  }
  return out.join("");
}

function indexOr(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at === -1 ? text.length : at;
}

function opensRegex(out: readonly string[], at: number): boolean {
  let i = at - 1;
  while (i >= 0 && /\s/.test(out[i]!)) i--;
  if (i < 0) return true;
  if (/[\w$]/.test(out[i]!)) {
    return REGEX_AFTER_WORD.test(out.slice(Math.max(0, i - 11), i + 1).join(""));
  }
  return !/[)\]"'`]/.test(out[i]!);
}

/** Offset of the slash that ends the regular expression opened at `at`, or undefined when its line has none. */
function regexEnd(text: string, at: number): number | undefined {
  let inClass = false;
  for (let i = at + 1; i < text.length && text[i] !== "\n"; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "[") inClass = true;
    else if (text[i] === "]") inClass = false;
    else if (text[i] === "/" && !inClass) return i;
  }
  return undefined;
}

const STATIC_IMPORT = /import\s*(?:[\w$*{][^;"'`()]*?\bfrom\s*)?(["'])/y;
const RE_EXPORT = /export\s+(?:type\s+)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*(["'])/y;
const DYNAMIC_IMPORT = /import\s*\(\s*(["'`])?/y;

/** Every import and re-export of a module, also of types only. `code` is {@link blankNonCode} of `text`. */
export function findImports(text: string, code: string): FoundImport[] {
  const found: FoundImport[] = [];
  for (
    const { index: offset, 0: word } of code.matchAll(/(?<![\w$.])(?:import|export)(?![\w$])/g)
  ) {
    const forms = word === "export" ? [RE_EXPORT] : [STATIC_IMPORT, DYNAMIC_IMPORT];
    for (const form of forms) {
      form.lastIndex = offset;
      const match = form.exec(code);
      if (match === null) continue;
      const quote = match[1];
      const start = form.lastIndex;
      const literal = quote === undefined ? "" : text.slice(start, code.indexOf(quote, start));
      const computed = quote === undefined || (quote === "`" && literal.includes("${"));
      found.push({ specifier: computed ? undefined : literal, offset });
      break;
    }
  }
  return found;
}

/** The line of `offset`, from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i !== -1 && i < offset; i = text.indexOf("\n", i + 1)) line++;
  return line;
}
