import type { StreamOptions } from "./ast.ts";

/** One option of the WITH clause: what it is called, what it takes, and the property it becomes. */
export type StreamOption =
  & {
    /** As it is written in SQL, in upper case. */
    readonly name: string;
    /** Another spelling, in upper case. */
    readonly alias?: string;
    /** What it says, without a period. */
    readonly doc: string;
  }
  & (
    | {
      readonly kind: "string";
      readonly property:
        | "datasource"
        | "type"
        | "confKey"
        | "key"
        | "timestamp"
        | "timestampFormat"
        | "delimiter";
      readonly default?: string;
      /** Whether `""` is a value, instead of an error. */
      readonly mayBeEmpty?: true;
    }
    | {
      readonly kind: "boolean";
      readonly property: "strictValidation" | "shared";
      readonly default: boolean;
    }
    | { readonly kind: "format"; readonly property: "format"; readonly default: "json" }
    | { readonly kind: "json"; readonly property: "extra" }
  );

/** The closed list of options of a stream, in the order in which they are printed. */
export const STREAM_OPTIONS: readonly StreamOption[] = [
  {
    name: "DATASOURCE",
    kind: "string",
    property: "datasource",
    default: "",
    mayBeEmpty: true,
    doc: "What the source reads: the topics of mqtt, a path, an endpoint",
  },
  {
    name: "FORMAT",
    kind: "format",
    property: "format",
    default: "json",
    doc: "How a payload is decoded: json, binary or delimited",
  },
  {
    name: "TYPE",
    kind: "string",
    property: "type",
    default: "mqtt",
    doc: "The source: a built-in one or a plugin",
  },
  {
    name: "CONF_KEY",
    kind: "string",
    property: "confKey",
    doc: "The section of the source's yaml that overlays its default section",
  },
  {
    name: "KEY",
    kind: "string",
    property: "key",
    doc: "The column that identifies a row",
  },
  {
    name: "STRICT_VALIDATION",
    alias: "STRICTVALIDATION",
    kind: "boolean",
    property: "strictValidation",
    default: false,
    doc: "Drop and count the rows that do not fit the columns, instead of converting them",
  },
  {
    name: "TIMESTAMP",
    kind: "string",
    property: "timestamp",
    doc: "The column that holds the time of the event",
  },
  {
    name: "TIMESTAMP_FORMAT",
    kind: "string",
    property: "timestampFormat",
    doc: "The pattern of times that are strings, as in yyyy-MM-dd HH:mm:ss",
  },
  {
    name: "SHARED",
    kind: "boolean",
    property: "shared",
    default: false,
    doc: "Run one source for all rules over the stream",
  },
  {
    name: "DELIMITER",
    kind: "string",
    property: "delimiter",
    default: ",",
    doc: "What separates the fields of a delimited payload",
  },
  {
    name: "EXTRA",
    kind: "json",
    property: "extra",
    doc: "A JSON object of properties that override those of the source's yaml",
  },
];

/** The names of {@link STREAM_OPTIONS}. */
export const STREAM_OPTION_NAMES: readonly string[] = STREAM_OPTIONS.map((option) => option.name);

/** The options of a stream whose WITH clause is empty. */
export const DEFAULT_STREAM_OPTIONS: StreamOptions = {
  datasource: "",
  format: "json",
  type: "mqtt",
  strictValidation: false,
  shared: false,
  delimiter: ",",
};
