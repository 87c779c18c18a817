/** Most parts of a module: nodes of its syntax tree and comments. One of them takes 120 bytes while it is linked. */
export const MAX_PARTS = 1_000_000;
/** Most steps that checking the names of a module takes; code as people write it takes one for a name. */
export const MAX_CHECKS = 3_000_000;

/** A module is more than the engine's own thread and memory are given away for. */
export class TooMuchCode extends Error {
  override readonly name = "TooMuchCode";
}
