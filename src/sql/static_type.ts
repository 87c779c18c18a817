import type { StaticType } from "../contract/mod.ts";
import type { DataType } from "./ast.ts";

/** What is known of a value before the rule runs, with what is known of its parts. */
export interface Known {
  readonly kind: StaticType;
  /** Of an array whose elements are known. */
  readonly element?: Known;
  /** Of a struct whose fields are known. */
  readonly fields?: ReadonlyMap<string, Known>;
}

/** Nothing is known. */
export const ANY: Known = { kind: "any" };

/** The type of a declared column. */
export function knownOf(type: DataType): Known {
  switch (type.kind) {
    case "array":
      return { kind: "array", element: knownOf(type.element) };
    case "struct":
      return {
        kind: "struct",
        fields: new Map(type.fields.map((field) => [field.name, knownOf(field.type)])),
      };
    default:
      return { kind: type.kind };
  }
}

/** Whether a value of `type` may turn out to be one of `wanted`. */
export function mayBe(type: Known, wanted: readonly StaticType[]): boolean {
  if (type.kind === "any" || type.kind === "null" || wanted.includes("any")) return true;
  if (wanted.includes(type.kind)) return true;
  return type.kind === "bigint" && wanted.includes("float");
}

const COMPARED: readonly (readonly StaticType[])[] = [
  ["bigint", "float"],
  ["string"],
  ["boolean"],
  ["bytea"],
  // A time is compared with a text or with milliseconds, too.
  ["datetime"],
  ["array"],
  ["struct"],
];

/** Whether two values can be compared. */
export function comparable(left: Known, right: Known): boolean {
  if ([left, right].some(({ kind }) => kind === "any" || kind === "null")) return true;
  if (COMPARED.some((group) => group.includes(left.kind) && group.includes(right.kind))) {
    return true;
  }
  const other = left.kind === "datetime" ? right : right.kind === "datetime" ? left : undefined;
  return other !== undefined && ["string", "bigint", "float"].includes(other.kind);
}

/** The type of a value that is one of these. */
export function either(types: readonly Known[]): Known {
  const [first, ...others] = types.filter(({ kind }) => kind !== "null");
  if (first === undefined) return { kind: "null" };
  if (others.every(({ kind }) => kind === first.kind)) {
    return others.length === 0 ? first : { kind: first.kind };
  }
  const numbers = [first, ...others].every(({ kind }) => kind === "bigint" || kind === "float");
  return numbers ? { kind: "float" } : ANY;
}

/** As SQL writes it. */
export function typeText({ kind }: Known): string {
  return kind.toUpperCase();
}
