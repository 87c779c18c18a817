import type { Column, CreateStream, DataType, Literal, Statement } from "./ast.ts";
import { maskSecrets } from "./secret.ts";
import { STREAM_OPTIONS } from "./stream_options.ts";

/** How a statement is printed. */
export interface PrintOptions {
  /** What to do with values in EXTRA whose keys sound like a secret; a masked statement is for the eye. @default {"mask"} */
  secrets?: "mask" | "show";
}

/** These options are printed even when they have their defaults, because they say what the stream is. */
const ALWAYS = ["DATASOURCE", "FORMAT", "TYPE"];
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Write a statement as canonical SQL, with a semicolon. With `secrets: "show"`, parsing it gives the same statement.
 *
 * @example
 * ```ts
 * import { parseStatement, printStatement } from "./mod.ts";
 * printStatement(parseStatement('drop stream `a b`')); // DROP STREAM `a b`;
 * ```
 */
export function printStatement(statement: Statement, options: PrintOptions = {}): string {
  switch (statement.kind) {
    case "create_stream":
      return printCreateStream(statement, options);
    case "show_streams":
      return "SHOW STREAMS;";
    case "describe_stream":
      return `DESCRIBE STREAM ${printName(statement.name)};`;
    case "drop_stream":
      return `DROP STREAM ${printName(statement.name)};`;
  }
}

/** Write a type as SQL: `ARRAY(STRUCT(name STRING))`. */
export function printType(type: DataType): string {
  switch (type.kind) {
    case "array":
      return `ARRAY(${printType(type.element)})`;
    case "struct": {
      const fields = type.fields.map((field) =>
        `${printName(field.name)} ${printType(field.type)}`
      );
      return `STRUCT(${fields.join(", ")})`;
    }
    default:
      return type.kind.toUpperCase();
  }
}

/** Write a literal as SQL: `"text"`, `TRUE`, `-1`. */
export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case "string":
      return printString(literal.value);
    case "boolean":
      return printBoolean(literal.value);
    case "bigint":
      return literal.digits;
    case "float":
      return String(literal.value);
  }
}

function printCreateStream(stream: CreateStream, options: PrintOptions): string {
  const columns = stream.columns.map((column) => `  ${printColumn(column)}`).join(",\n");
  const body = columns === "" ? "()" : `(\n${columns}\n)`;
  return `CREATE STREAM ${printName(stream.name)} ${body} WITH (${printWith(stream, options)});`;
}

function printColumn(column: Column): string {
  const text = `${printName(column.name)} ${printType(column.type)}`;
  return column.default === undefined ? text : `${text} DEFAULT ${printLiteral(column.default)}`;
}

function printWith({ options }: CreateStream, { secrets = "mask" }: PrintOptions): string {
  const texts: string[] = [];
  for (const option of STREAM_OPTIONS) {
    const value = options[option.property];
    if (value === undefined) continue;
    const standard = "default" in option && value === option.default;
    if (standard && !ALWAYS.includes(option.name)) continue;
    texts.push(`${option.name}=${printValue(value, secrets)}`);
  }
  return texts.join(", ");
}

function printValue(
  value: NonNullable<CreateStream["options"][keyof CreateStream["options"]]>,
  secrets: "mask" | "show",
): string {
  if (typeof value === "string") return printString(value);
  if (typeof value === "boolean") return printBoolean(value);
  return printString(JSON.stringify(secrets === "mask" ? maskSecrets(value) : value));
}

function printBoolean(value: boolean): string {
  return value ? "TRUE" : "FALSE";
}

function printName(name: string): string {
  return PLAIN_NAME.test(name) ? name : `\`${name}\``;
}

/** In double quotes; in single ones when that saves escapes, as for JSON. */
function printString(value: string): string {
  const quote = value.includes('"') && !value.includes("'") ? "'" : '"';
  // The escapes of JSON are escapes of SQL. What JSON leaves alone is escaped where it would end or steer a line.
  const inside = JSON.stringify(value).slice(1, -1)
    .replaceAll(
      /[\p{Cc}\p{Zl}\p{Zp}]/gu,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  return quote + (quote === "'" ? inside.replaceAll('\\"', '"') : inside) + quote;
}
