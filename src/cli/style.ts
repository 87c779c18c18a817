/** How text is decorated: each function gives the text back, with escape sequences or without. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
}

const sgr = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;
const plain = (text: string) => text;

const COLORFUL: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  yellow: sgr(33, 39),
  green: sgr(32, 39),
};

const PLAIN: Style = { bold: plain, dim: plain, red: plain, yellow: plain, green: plain };

/** Decoration for a terminal that wants it, else none. */
export function styleFor(colorful: boolean): Style {
  return colorful ? COLORFUL : PLAIN;
}
