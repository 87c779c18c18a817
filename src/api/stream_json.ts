import { type CreateStream, type DataType, maskSecrets, STREAM_OPTIONS } from "../sql/mod.ts";

/** eKuiper's numbers of the types. */
const TYPE_NUMBERS = {
  bigint: 1,
  float: 2,
  string: 3,
  bytea: 4,
  datetime: 5,
  boolean: 6,
  array: 7,
  struct: 8,
} as const satisfies Record<DataType["kind"], number>;

/** A stream as eKuiper's `GET /streams/NAME` shows it. */
export interface StreamJson {
  readonly Name: string;
  readonly StreamFields: readonly FieldJson[] | null;
  /** By the name of the option; those with their default are left out but for the first three. */
  readonly Options: Readonly<Record<string, unknown>>;
}

/** A column in it. */
export interface FieldJson {
  readonly Name: string;
  readonly FieldType: TypeJson;
}

/** A type in it: `Type` is eKuiper's number. */
export interface TypeJson {
  readonly Type: number;
  /** Of an array: the number of a scalar, or a type. */
  readonly ElementType?: number | TypeJson;
  readonly Fields?: readonly FieldJson[];
}

/** eKuiper's form of a definition; what sounds like a secret in EXTRA is masked. */
export function streamJson({ name, columns, options }: CreateStream): StreamJson {
  const shown: Record<string, unknown> = {};
  for (const option of STREAM_OPTIONS) {
    const value = options[option.property];
    if (value === undefined) continue;
    const always = ["DATASOURCE", "FORMAT", "TYPE"].includes(option.name);
    if (!always && "default" in option && value === option.default) continue;
    shown[option.name] = option.property === "extra"
      ? JSON.stringify(maskSecrets(options.extra!))
      : value;
  }
  return {
    Name: name,
    StreamFields: columns.length === 0 ? null : columns.map(fieldJson),
    Options: shown,
  };
}

function fieldJson({ name, type }: { name: string; type: DataType }): FieldJson {
  return { Name: name, FieldType: typeJson(type) };
}

function typeJson(type: DataType): TypeJson {
  const Type = TYPE_NUMBERS[type.kind];
  if (type.kind === "array") {
    const { element } = type;
    const scalar = element.kind !== "array" && element.kind !== "struct";
    return { Type, ElementType: scalar ? TYPE_NUMBERS[element.kind] : typeJson(element) };
  }
  if (type.kind === "struct") return { Type, Fields: type.fields.map(fieldJson) };
  return { Type };
}

/** A type in eKuiper's `GET /streams/NAME/schema`, which looks like JSON Schema. */
export interface SchemaJson {
  readonly type: string;
  readonly items?: SchemaJson;
  readonly properties?: Readonly<Record<string, SchemaJson>>;
}

/** The columns of a stream by name; none for a stream without a schema. */
export function schemaJson({ columns }: Pick<CreateStream, "columns">): Record<string, SchemaJson> {
  return Object.fromEntries(columns.map(({ name, type }) => [name, schemaOf(type)]));
}

function schemaOf(type: DataType): SchemaJson {
  if (type.kind === "array") return { type: "array", items: schemaOf(type.element) };
  if (type.kind === "struct") {
    return { type: "struct", properties: schemaJson({ columns: type.fields }) };
  }
  return { type: type.kind };
}
