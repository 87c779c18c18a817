/**
 * What is invisible and steers a terminal, beside the controls of ASCII: DEL, C1, and the marks that reorder text or break a
 * line. To be put between the brackets of a regular expression.
 */
export const STEERING = String.raw`\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069`;
