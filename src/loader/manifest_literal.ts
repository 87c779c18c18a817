/**
 * The manifest as it stands in a plugin's code, read before any of that code runs.
 *
 * @module
 */
import type { AnyNode, Expression, Program, VariableDeclarator } from "acorn";
import type { Manifest } from "../contract/mod.ts";
import { fail, type Json, messageOf } from "../core/mod.ts";
import { readManifest } from "./manifest.ts";
import { type GraphModule, lineOf, type ModuleGraph } from "./module_graph.ts";
import { parseProgram } from "./parse_module.ts";
import { LIMITS } from "./protocol.ts";
import { ExportResolver } from "./resolve_exports.ts";

const NAME = "manifest";
/** Constants that may stand for each other in a manifest, and how deep it may be. */
const MAX_DEPTH = 64;

/**
 * What the entry of `graph` exports as `manifest`; undefined when it exports none.
 *
 * @throws a `module` error when it is no literal, of another contract, or asks for what no plugin gets.
 */
export async function literalManifest(graph: ModuleGraph): Promise<Manifest | undefined> {
  const { names } = new ExportResolver(graph).namespace(0);
  const binding = names.find(([name]) => name === NAME)?.[1];
  if (binding === undefined) return undefined;
  const entry = graph.modules[0]!;
  if (binding.kind !== "own") {
    throw fail("module", `Cannot read the manifest in ${entry.display}: ${LITERAL}`);
  }
  const module = graph.modules[binding.module]!;
  const { program } = await parseProgram(module.code);
  const constants = constantsOf(program);
  const local = module.scan.locals.get(binding.name);
  const declared = local === undefined
    ? defaultExport(program)
    : constants.get(local)?.init ?? undefined;
  if (declared === undefined) {
    throw fail("module", `Cannot read the manifest in ${module.display}: ${LITERAL}`);
  }
  const value = new LiteralReader(module, constants).read(declared, 0);
  try {
    checkContract(value);
    return readManifest(JSON.stringify(value));
  } catch (error) {
    throw fail("module", `Cannot load "${entry.display}": ${messageOf(error)}`, error);
  }
}

const LITERAL = "write it as a constant with an object literal, because it is read before any " +
  "code of the plugin runs";

/** The same sentence as when the module is loaded. */
function checkContract(value: Json): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return;
  if (value["contract"] === 1) return;
  const found = JSON.stringify(value["contract"]) ?? "undefined";
  throw new TypeError(
    `the manifest was written for contract ${found}, this program has contract 1`,
  );
}

function constantsOf(program: Program): Map<string, VariableDeclarator> {
  const constants = new Map<string, VariableDeclarator>();
  for (const statement of program.body) {
    const declaration = statement.type === "ExportNamedDeclaration"
      ? statement.declaration
      : statement;
    if (declaration?.type !== "VariableDeclaration" || declaration.kind !== "const") continue;
    for (const declarator of declaration.declarations) {
      if (declarator.id.type === "Identifier") constants.set(declarator.id.name, declarator);
    }
  }
  return constants;
}

/** `export { default as manifest } from "./manifest.ts"` leads to an expression without a name. */
function defaultExport(program: Program): AnyNode | undefined {
  return program.body.find((statement) => statement.type === "ExportDefaultDeclaration")
    ?.declaration;
}

class LiteralReader {
  readonly #module: GraphModule;
  readonly #constants: ReadonlyMap<string, VariableDeclarator>;
  /** Values and letters so far: a constant that is named twice counts twice, and what names it twice four times. */
  #size = 0;

  constructor(module: GraphModule, constants: ReadonlyMap<string, VariableDeclarator>) {
    this.#module = module;
    this.#constants = constants;
  }

  read(node: AnyNode, depth: number): Json {
    if (depth > MAX_DEPTH) throw this.#refusal(node);
    this.#grow(1);
    const inner = (child: AnyNode) => this.read(child, depth + 1);
    switch (node.type) {
      case "Literal": {
        const { value } = node;
        const isPlain = value === null || ["string", "number", "boolean"].includes(typeof value);
        // A regular expression that this runtime does not know has the value null, too.
        if (!isPlain || node.regex !== undefined) throw this.#refusal(node);
        if (typeof value === "string") this.#grow(value.length);
        return value as Json;
      }
      case "TemplateLiteral": {
        const text = node.expressions.length === 0 ? node.quasis[0]?.value.cooked : undefined;
        if (typeof text !== "string") throw this.#refusal(node);
        this.#grow(text.length);
        return text;
      }
      case "UnaryExpression": {
        const value = inner(node.argument);
        if (node.operator !== "-" || typeof value !== "number") throw this.#refusal(node);
        return -value;
      }
      case "BinaryExpression": {
        const left = inner(node.left);
        const right = inner(node.right);
        // A long description is broken into lines.
        if (node.operator !== "+" || typeof left !== "string" || typeof right !== "string") {
          throw this.#refusal(node);
        }
        return left + right;
      }
      case "ParenthesizedExpression":
        return inner(node.expression);
      case "Identifier": {
        const constant = this.#constants.get(node.name)?.init;
        if (constant === undefined || constant === null) throw this.#refusal(node);
        return inner(constant);
      }
      case "ArrayExpression":
        return node.elements.map((element) => {
          if (element === null || element.type === "SpreadElement") throw this.#refusal(node);
          return inner(element);
        });
      case "ObjectExpression":
        return this.#object(node, inner);
      default:
        throw this.#refusal(node);
    }
  }

  #object(
    node: Extract<Expression, { type: "ObjectExpression" }>,
    inner: (child: AnyNode) => Json,
  ): Json {
    const fields: [string, Json][] = [];
    for (const property of node.properties) {
      if (property.type === "SpreadElement" || property.computed || property.kind !== "init") {
        throw this.#refusal(property);
      }
      const { key, value } = property;
      const name = key.type === "Identifier"
        ? key.name
        : key.type === "Literal"
        ? String(key.value)
        : undefined;
      // As a key of a literal it sets the prototype.
      if (name === undefined || name === "__proto__") throw this.#refusal(property);
      this.#grow(name.length);
      fields.push([name, inner(value)]);
    }
    return Object.fromEntries(fields);
  }

  #grow(by: number): void {
    this.#size += by;
    if (this.#size <= LIMITS.manifest) return;
    const { display } = this.#module;
    const most = LIMITS.manifest;
    throw fail(
      "module",
      `Cannot read the manifest in ${display}: it has more than ${most} letters; shorten it`,
    );
  }

  #refusal(node: AnyNode): Error {
    const place = `${this.#module.display}:${lineOf(this.#module, node.start)}`;
    return fail("module", `Cannot read the manifest in ${place}: it is computed; ${LITERAL}`);
  }
}
