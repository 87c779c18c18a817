import { isBigint, narrow, type Value } from "../core/mod.ts";
import type { StaticType } from "../contract/mod.ts";
import { alias, arg, type Definition, inGroup, NUMBER, optional } from "./define.ts";
import { floatOf, integerOf, noResult, numberOf } from "./read_arg.ts";

/** The type of the argument: BIGINT stays BIGINT. */
const sameType = ([type]: readonly StaticType[]): StaticType => type ?? "any";

/** A function that leaves whole numbers as they are. */
function rounding(name: string, doc: string, round: (value: number) => number): Definition {
  return {
    name,
    doc,
    args: [arg("x", NUMBER)],
    returns: sameType,
    call([x]) {
      const value = numberOf(x!, name);
      return typeof value === "bigint" ? value : round(value) + 0;
    },
  };
}

/** A function of one number that has no value everywhere. */
function real(name: string, doc: string, compute: (value: number) => number): Definition {
  return {
    name,
    doc,
    args: [arg("x", NUMBER)],
    returns: "float",
    call([x]) {
      return finite(name, compute(floatOf(x!, name)), [x!]);
    },
  };
}

function finite(name: string, result: number, args: readonly Value[]): number {
  if (Number.isFinite(result)) return result + 0;
  throw noResult(name, `${name}(${args.join(", ")}) is no number`);
}

const ceil = rounding("ceil", "The least whole number that is not less than x", Math.ceil);

const power: Definition = {
  name: "power",
  doc: "x to the power of y",
  args: [arg("x", NUMBER), arg("y", NUMBER)],
  returns: "float",
  call([x, y]) {
    return finite("power", floatOf(x!, "power") ** floatOf(y!, "power"), [x!, y!]);
  },
};

/** `math`: numbers of numbers. */
export const MATH = inGroup("math", [
  {
    name: "abs",
    doc: "The absolute value of x",
    args: [arg("x", NUMBER)],
    returns: sameType,
    call([x]) {
      const value = numberOf(x!, "abs");
      if (typeof value === "number") return Math.abs(value);
      const absolute = value < 0n ? -value : value;
      if (isBigint(absolute)) return narrow(absolute);
      throw noResult("abs", `${absolute} is larger than a BIGINT can be`);
    },
  },
  ceil,
  alias("ceiling", ceil),
  real("exp", "e to the power of x", Math.exp),
  rounding("floor", "The greatest whole number that is not greater than x", Math.floor),
  real("ln", "The natural logarithm of x", Math.log),
  {
    name: "log",
    doc: "The logarithm of the last argument, to the base 10 or to that of the first",
    args: [arg("x", NUMBER), optional("y", NUMBER)],
    returns: "float",
    call(args) {
      const values = args.map((value) => floatOf(value, "log"));
      const [base, x] = values.length === 1 ? [10, values[0]!] : [values[0]!, values[1]!];
      const result = base === 10
        ? Math.log10(x)
        : base === 2
        ? Math.log2(x)
        : Math.log(x) / Math.log(base);
      return finite("log", result, args);
    },
  },
  {
    name: "mod",
    doc: "What is left of x when it is divided by y; it has the sign of x",
    args: [arg("x", NUMBER), arg("y", NUMBER)],
    returns: (types) => types.every((type) => type === "bigint") ? "bigint" : "float",
    call([x, y]) {
      const a = numberOf(x!, "mod");
      const b = numberOf(y!, "mod");
      if (b == 0) throw noResult("mod", `mod(${a}, 0) divides by zero`);
      if (typeof a === "number" && typeof b === "number") return a % b + 0;
      if ([a, b].every((n) => typeof n === "bigint" || Number.isSafeInteger(n))) {
        return narrow(BigInt(a) % BigInt(b));
      }
      return Number(a) % Number(b);
    },
  },
  { name: "pi", doc: "The number π", args: [], returns: "float", call: () => Math.PI },
  power,
  alias("pow", power),
  {
    name: "rand",
    doc: "A number by chance, at least 0 and less than 1",
    args: [],
    returns: "float",
    deterministic: false,
    call: () => Math.random(),
  },
  rounding(
    "round",
    "The nearest whole number to x; a half goes away from 0",
    // Not Math.round alone, which takes -2.5 to -2.
    (value) => Math.sign(value) * Math.round(Math.abs(value)),
  ),
  {
    name: "sign",
    doc: "1 when x is positive, -1 when it is negative, 0 when it is 0",
    args: [arg("x", NUMBER)],
    returns: "bigint",
    call([x]) {
      const value = numberOf(x!, "sign");
      return value > 0 ? 1 : value < 0 ? -1 : 0;
    },
  },
  real("sqrt", "The square root of x", Math.sqrt),
  {
    name: "trunc",
    doc: "x with no more than n digits after the point, cut and not rounded",
    args: [arg("x", NUMBER), arg("n", ["bigint"])],
    returns: "float",
    call([x, n]) {
      const value = numberOf(x!, "trunc");
      const digits = integerOf(n!, "trunc");
      if (digits < 0 || digits > 38) throw noResult("trunc", `${digits} digits are not 0 to 38`);
      return typeof value === "bigint" || Number.isInteger(value) ? value : cut(value, digits);
    },
  },
]);

/** By its decimal digits: 1.15 times 100 is less than 115. */
function cut(value: number, digits: number): number {
  const [, sign, whole, after = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e(-\d+))?$/.exec(
    String(value),
  )!;
  const zeros = -Number(exponent);
  const fraction = zeros === 0 ? after : "0".repeat(zeros - 1) + whole + after;
  return Number(`${sign}${zeros === 0 ? whole : 0}.${fraction.slice(0, digits)}`) + 0;
}
