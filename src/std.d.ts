// Types of the standard library's functions that this project uses.
// The npm package that carries the library here (deno-std) has none of its own.

declare module "@std/yaml" {
  /** Where and why a YAML text does not parse. Line and column count from 1. */
  export class YamlSyntaxError extends SyntaxError {
    readonly line: number;
    readonly column: number;
    readonly offset: number;
    readonly snippet: string;
  }
  export function parse(text: string, options?: { schema?: string }): unknown;
  export function stringify(
    value: unknown,
    options?: { lineWidth?: number; skipInvalid?: boolean; quoteStyle?: "'" | '"' },
  ): string;
}

declare module "@std/path" {
  export function join(...parts: string[]): string;
  export function resolve(...parts: string[]): string;
  export function dirname(path: string): string;
  export function basename(path: string, suffix?: string): string;
  export function extname(path: string): string;
  export function relative(from: string, to: string): string;
  export function isAbsolute(path: string): boolean;
  export function normalize(path: string): string;
  export function fromFileUrl(url: string | URL): string;
  export function toFileUrl(path: string): URL;
  export const SEPARATOR: string;
}

declare module "@std/cli/parse-args" {
  export interface ParsedArgs {
    _: (string | number)[];
    [name: string]: unknown;
  }
  export function parseArgs(
    args: readonly string[],
    options?: {
      string?: readonly string[];
      boolean?: readonly string[];
      collect?: readonly string[];
      alias?: Record<string, string | string[]>;
      default?: Record<string, unknown>;
      stopEarly?: boolean;
      unknown?: (arg: string, key?: string, value?: unknown) => unknown;
    },
  ): ParsedArgs;
}

declare module "@std/assert" {
  export function assert(value: unknown, message?: string): asserts value;
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertStrictEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;
  export function assertThrows<E extends Error = Error>(
    run: () => unknown,
    // deno-lint-ignore no-explicit-any
    kind?: new (...args: any[]) => E,
    includes?: string,
  ): E;
  export function assertRejects<E extends Error = Error>(
    run: () => PromiseLike<unknown>,
    // deno-lint-ignore no-explicit-any
    kind?: new (...args: any[]) => E,
    includes?: string,
  ): Promise<E>;
}
