/**
 * One walk over a module's syntax tree that finds what linking must change: imports, exports, the places where an
 * imported name is read (with shadowing), `import()`, `import.meta`, top-level await.
 *
 * Scopes are kept only for names that the module imports: all others mean after linking what they meant before.
 */
import type {
  AnyNode,
  AssignmentProperty,
  Class,
  ExportNamedDeclaration,
  Function,
  Identifier,
  ImportDeclaration,
  Literal,
  MemberExpression,
  MethodDefinition,
  Pattern,
  Program,
  Property,
  PropertyDefinition,
  Statement,
  TaggedTemplateExpression,
} from "acorn";
import { firstForbidden } from "./forbidden_words.ts";

/** `import { name as local } from`, of a whole module (`name` is `"*"`) or of one export. */
export interface ImportBinding {
  readonly local: string;
  readonly name: string;
  /** Index into {@link ModuleScan.requests}; -1 when the import was dropped because only types used it. */
  request: number;
  readonly offset: number;
}

/** A place where an imported name is used. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** `call` must not pass the namespace as `this`; `shorthand` is `{name}`. */
  readonly kind: "plain" | "call" | "shorthand";
  /** The call begins a statement in a list, where a parenthesis could continue the line above. */
  readonly beginsStatement: boolean;
}

/** A static request for another module, in the order of the source. */
export interface ModuleRequest {
  readonly specifier: string;
  readonly offset: number;
  readonly hasAttributes: boolean;
}

/** `import(…)`; `specifier` is absent when it is computed. */
export interface DynamicImport {
  readonly specifier: string | undefined;
  readonly start: number;
  readonly end: number;
  /** Where the argument begins. */
  readonly argument: number;
  readonly hasOptions: boolean;
}

/** `export … from` and `export { imported }`. */
export interface IndirectExport {
  readonly name: string;
  readonly request: number;
  /** `"*"`: the whole namespace. */
  readonly imported: string;
  readonly offset: number;
}

/** `export default` of an expression or of something without a name. */
export interface DefaultExport {
  readonly start: number;
  /** Where the declaration or expression begins. */
  readonly declaration: number;
  readonly end: number;
  /** An anonymous function is hoisted; a class or an arrow takes the name "default"; other values need nothing. */
  readonly kind: "function" | "named" | "value";
}

/**
 * A name that is a forbidden keyword as a whole. V8 takes it with an escape, but the parser that Deno puts before it
 * does not: it must be written without the word.
 */
export interface KeywordName {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** After a dot, before a value or a body, or private. */
  readonly kind: "member" | "key" | "private";
  /** Where what stands before the dot ends. */
  readonly objectEnd: number;
  readonly optional: boolean;
}

/**
 * A template with a tag and with a forbidden word, which a tag would see escaped. Its syntax tree is not kept: that may
 * hold the whole module.
 */
export interface TaggedTemplate {
  /** Where the tag begins. */
  readonly tag: number;
  readonly start: number;
  /** Its texts; `cooked` is null for what has an escape that is none. */
  readonly quasis: readonly {
    readonly start: number;
    readonly end: number;
    readonly tail: boolean;
    readonly cooked: string | null;
    readonly raw: string;
  }[];
  readonly underNew: boolean;
}

/** All that linking needs to know of a module. */
export interface ModuleScan {
  readonly requests: ModuleRequest[];
  readonly imports: ImportBinding[];
  readonly references: Reference[];
  /** Name of the export → local name; the anonymous default has no local name yet and stands as `undefined`. */
  readonly locals: Map<string, string | undefined>;
  readonly indirects: IndirectExport[];
  /** `export * from`: indexes into `requests`, each once. */
  readonly stars: number[];
  readonly dynamics: DynamicImport[];
  /** `import.meta`. */
  readonly metas: { start: number; end: number }[];
  readonly defaultExport: DefaultExport | undefined;
  /** What goes: import and export declarations, and `export` before a declaration that stays. */
  readonly statements: { start: number; end: number }[];
  readonly keywordNames: KeywordName[];
  readonly taggedTemplates: TaggedTemplate[];
  /** Whether the module awaits outside of functions. */
  readonly async: boolean;
  /** `export { name }` of a name that the module does not declare: a type, or a mistake. */
  readonly undeclared: { name: string; offset: number }[];
}

/** Which properties of a node hold nodes, in the order of the source. Types that are absent have a case of their own. */
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  ArrayExpression: ["elements"],
  ArrayPattern: ["elements"],
  AssignmentExpression: ["left", "right"],
  AssignmentPattern: ["left", "right"],
  BinaryExpression: ["left", "right"],
  ChainExpression: ["expression"],
  ConditionalExpression: ["test", "consequent", "alternate"],
  DoWhileStatement: ["body", "test"],
  IfStatement: ["test", "consequent", "alternate"],
  LabeledStatement: ["body"],
  LogicalExpression: ["left", "right"],
  ObjectExpression: ["properties"],
  ObjectPattern: ["properties"],
  ParenthesizedExpression: ["expression"],
  RestElement: ["argument"],
  ReturnStatement: ["argument"],
  SequenceExpression: ["expressions"],
  SpreadElement: ["argument"],
  TemplateLiteral: ["expressions"],
  ThrowStatement: ["argument"],
  TryStatement: ["block", "handler", "finalizer"],
  UnaryExpression: ["argument"],
  UpdateExpression: ["argument"],
  WhileStatement: ["test", "body"],
  YieldExpression: ["argument"],
};

/** A scope below the module's; it knows only names that the module imports. */
class Scope {
  /** Where `var` lands: a function's body, a static block, the module. */
  readonly varScope: Scope;
  names: Set<string> | undefined;
  /** Uses of imported names in it, and the scopes in it that have some. */
  uses: (Reference | Scope)[] | undefined;
  readonly #parent: Scope | undefined;
  #isListed = false;
  constructor(parent: Scope | undefined, takesVar: boolean) {
    this.#parent = parent;
    this.varScope = takesVar || parent === undefined ? this : parent.varScope;
  }
  use(use: Reference | Scope): void {
    (this.uses ??= []).push(use);
    if (this.#isListed) return;
    this.#isListed = true;
    this.#parent?.use(this);
  }
  declare(name: string): void {
    (this.names ??= new Set()).add(name);
  }
}

/** The author's text of an import up to what it imports from, by the offset of the import. */
export type ImportText = (offset: number) => string;

/**
 * Scan a parsed module.
 *
 * @param options.typescript given when it was TypeScript: imports whose names are never used as values are dropped.
 */
export function scanModule(
  program: Program,
  options: { typescript?: ImportText } = {},
): ModuleScan {
  return new Scanner(program, options.typescript).finish();
}

class Scanner {
  readonly #program: Program;
  readonly #typescript: ImportText | undefined;
  readonly #module = new Scope(undefined, true);
  readonly #imported = new Map<string, ImportBinding>();
  readonly #dynamics: DynamicImport[] = [];
  readonly #metas: { start: number; end: number }[] = [];
  readonly #statements: { start: number; end: number }[] = [];
  readonly #tagged: TaggedTemplate[] = [];
  readonly #locals = new Map<string, string | undefined>();
  readonly #exportedNames: { name: string; local: string; offset: number }[] = [];
  readonly #keywordNames: KeywordName[] = [];
  readonly #newTags = new Set<TaggedTemplateExpression>();
  #defaultExport: DefaultExport | undefined;
  #async = false;
  /** How many functions enclose the node. */
  #depth = 0;
  /** Start of the expression statement under way, when it stands in a list of statements. */
  #statementStart = -1;

  constructor(program: Program, typescript: ImportText | undefined) {
    this.#program = program;
    this.#typescript = typescript;
    for (const node of program.body) {
      if (node.type === "ImportDeclaration") this.#collectImport(node);
    }
    for (const node of program.body) this.#topLevel(node);
  }

  finish(): ModuleScan {
    const references: Reference[] = [];
    findImportedUses(this.#module, references);
    const used = new Set(references.map(({ name }) => name));
    const undeclared: { name: string; offset: number }[] = [];
    const reexported: { name: string; binding: ImportBinding; offset: number }[] = [];
    for (const { name, local, offset } of this.#exportedNames) {
      const binding = this.#imported.get(local);
      if (binding !== undefined) {
        used.add(local);
        reexported.push({ name, binding, offset });
      } else if (this.#module.names?.has(local)) this.#locals.set(name, local);
      else undeclared.push({ name: local, offset });
    }
    const { requests, indirects, stars } = this.#collectRequests(used);
    for (const { name, binding, offset } of reexported) {
      indirects.push({ name, request: binding.request, imported: binding.name, offset });
    }
    return {
      requests,
      imports: [...this.#imported.values()],
      references,
      locals: this.#locals,
      indirects,
      stars,
      dynamics: this.#dynamics,
      metas: this.#metas,
      defaultExport: this.#defaultExport,
      statements: this.#statements,
      keywordNames: this.#keywordNames,
      taggedTemplates: this.#tagged,
      async: this.#async,
      undeclared,
    };
  }

  // -- The module's own statements --

  #collectImport(node: ImportDeclaration): void {
    for (const specifier of node.specifiers) {
      const name = specifier.type === "ImportDefaultSpecifier"
        ? "default"
        : specifier.type === "ImportNamespaceSpecifier"
        ? "*"
        : exportName(specifier.imported);
      const local = specifier.local.name;
      this.#imported.set(local, { local, name, request: -1, offset: specifier.start });
    }
  }

  /** In the order of the source; in TypeScript without the imports that no value uses. */
  #collectRequests(
    used: ReadonlySet<string>,
  ): { requests: ModuleRequest[]; indirects: IndirectExport[]; stars: number[] } {
    const requests: ModuleRequest[] = [];
    const indexes = new Map<string, number>();
    const indirects: IndirectExport[] = [];
    const stars = new Set<number>();
    const request = (source: Literal, attributes: readonly unknown[] | undefined): number => {
      const specifier = String(source.value);
      const hasAttributes = (attributes?.length ?? 0) > 0;
      const key = `${hasAttributes} ${specifier}`;
      let index = indexes.get(key);
      if (index === undefined) {
        index = requests.push({ specifier, offset: source.start, hasAttributes }) - 1;
        indexes.set(key, index);
      }
      return index;
    };
    for (const node of this.#program.body) {
      if (node.type === "ImportDeclaration") {
        const locals = node.specifiers.map((specifier) => specifier.local.name);
        const authorText = this.#typescript;
        const kept = authorText === undefined ? locals : locals.filter((local) => used.has(local));
        if (authorText !== undefined && kept.length === 0) {
          // `import "x"` is for its effects; `import { type T } from "x"` may look the same by now.
          if (locals.length > 0 || authorText(node.start).includes("{")) continue;
        }
        const index = request(node.source, node.attributes);
        for (const local of kept) this.#imported.get(local)!.request = index;
      } else if (node.type === "ExportAllDeclaration") {
        const index = request(node.source, node.attributes);
        if (node.exported === null || node.exported === undefined) stars.add(index);
        else {
          const name = exportName(node.exported);
          indirects.push({ name, request: index, imported: "*", offset: node.start });
        }
      } else if (node.type === "ExportNamedDeclaration" && node.source) {
        const index = request(node.source, node.attributes);
        for (const { exported, local, start } of node.specifiers) {
          const name = exportName(exported);
          indirects.push({ name, request: index, imported: exportName(local), offset: start });
        }
      }
    }
    return { requests, indirects, stars: [...stars] };
  }

  #topLevel(node: Program["body"][number]): void {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
        this.#statements.push({ start: node.start, end: node.end });
        return;
      case "ExportNamedDeclaration":
        return this.#exportNamed(node);
      case "ExportDefaultDeclaration": {
        const { declaration, start, end } = node;
        const isDeclaration = declaration.type === "FunctionDeclaration" ||
          declaration.type === "ClassDeclaration";
        if (isDeclaration && declaration.id !== null) {
          this.#statements.push({ start, end: declaration.start });
          this.#locals.set("default", declaration.id.name);
          return this.#visit(declaration, this.#module);
        }
        this.#locals.set("default", undefined);
        this.#defaultExport = {
          start,
          declaration: declaration.start,
          end,
          kind: declaration.type === "FunctionDeclaration"
            ? "function"
            : isAnonymousDefinition(declaration)
            ? "named"
            : "value",
        };
        return this.#visit(declaration, this.#module);
      }
      default:
        return this.#listed(node, this.#module);
    }
  }

  #exportNamed(node: ExportNamedDeclaration): void {
    const { declaration } = node;
    if (declaration === null || declaration === undefined) {
      this.#statements.push({ start: node.start, end: node.end });
      if (node.source) return;
      for (const { exported, local, start } of node.specifiers) {
        const name = exportName(exported);
        this.#exportedNames.push({ name, local: exportName(local), offset: start });
      }
      return;
    }
    this.#statements.push({ start: node.start, end: declaration.start });
    const names = declaration.type === "VariableDeclaration"
      ? declaration.declarations.flatMap((declarator) => boundNames(declarator.id))
      : [declaration.id.name];
    for (const name of names) this.#locals.set(name, name);
    this.#visit(declaration, this.#module);
  }

  // -- The walk --

  #visitAll(nodes: Iterable<AnyNode | null>, scope: Scope): void {
    for (const node of nodes) if (node !== null) this.#visit(node, scope);
  }

  /** A statement in a list of statements. */
  #listed(node: Statement, scope: Scope): void {
    if (node.type === "ExpressionStatement") {
      this.#statementStart = node.start;
      this.#visit(node.expression, scope);
      this.#statementStart = -1;
    } else this.#visit(node, scope);
  }

  #visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case "Identifier":
        return this.#refer(node, "plain", scope);
      case "PrivateIdentifier":
        return this.#name(node);
      case "CallExpression":
        this.#callee(node.callee, scope);
        return this.#visitAll(node.arguments, scope);
      case "NewExpression":
        this.#markNewTags(node.callee);
        this.#visit(node.callee, scope);
        return this.#visitAll(node.arguments, scope);
      case "TaggedTemplateExpression":
        this.#template(node);
        this.#callee(node.tag, scope);
        return this.#visit(node.quasi, scope);
      case "MemberExpression":
      case "MethodDefinition":
      case "PropertyDefinition":
      case "Property":
        return this.#member(node, scope);
      case "ExpressionStatement":
        this.#statementStart = -1;
        return this.#visit(node.expression, scope);
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#function(node, scope);
      case "ClassDeclaration":
      case "ClassExpression":
        return this.#class(node, scope);
      case "VariableDeclaration":
        if (node.kind === "await using" && this.#depth === 0) this.#async = true;
        for (const { id, init } of node.declarations) {
          this.#declare(id, node.kind === "var" ? scope.varScope : scope, scope);
          if (init) this.#visit(init, scope);
        }
        return;
      case "BlockStatement": {
        const inner = new Scope(scope, false);
        for (const statement of node.body) this.#listed(statement, inner);
        return;
      }
      case "StaticBlock": {
        const inner = new Scope(scope, true);
        for (const statement of node.body) this.#listed(statement, inner);
        return;
      }
      case "SwitchStatement": {
        this.#visit(node.discriminant, scope);
        const inner = new Scope(scope, false);
        for (const { test, consequent } of node.cases) {
          if (test) this.#visit(test, inner);
          for (const statement of consequent) this.#listed(statement, inner);
        }
        return;
      }
      case "CatchClause": {
        const inner = new Scope(scope, false);
        if (node.param) this.#declare(node.param, inner, inner);
        return this.#visit(node.body, inner);
      }
      case "ForStatement": {
        const inner = new Scope(scope, false);
        this.#visitAll([node.init ?? null, node.test ?? null, node.update ?? null], inner);
        return this.#visit(node.body, inner);
      }
      case "ForInStatement":
      case "ForOfStatement": {
        if (node.type === "ForOfStatement" && node.await && this.#depth === 0) this.#async = true;
        const inner = new Scope(scope, false);
        this.#visitAll([node.left, node.right, node.body], inner);
        return;
      }
      case "AwaitExpression":
        if (this.#depth === 0) this.#async = true;
        return this.#visit(node.argument, scope);
      case "ImportExpression":
        return this.#dynamicImport(node, scope);
      case "MetaProperty":
        if (node.meta.name === "import") this.#metas.push({ start: node.start, end: node.end });
        return;
    }
    for (const key of CHILDREN[node.type] ?? []) {
      const child = (node as unknown as Record<string, unknown>)[key];
      if (Array.isArray(child)) this.#visitAll(child as (AnyNode | null)[], scope);
      else if (child !== null && child !== undefined) this.#visit(child as AnyNode, scope);
    }
  }

  #callee(node: AnyNode, scope: Scope): void {
    if (node.type === "Identifier") this.#refer(node, "call", scope);
    else this.#visit(node, scope);
  }

  /** Names of members are no references, unless they are computed or written in short. */
  #member(
    node:
      | MemberExpression
      | MethodDefinition
      | PropertyDefinition
      | Property
      | AssignmentProperty,
    scope: Scope,
  ): void {
    if (node.type === "MemberExpression") {
      this.#visit(node.object, scope);
      if (node.computed) this.#visit(node.property, scope);
      else this.#name(node.property, node);
      return;
    }
    if (node.type === "Property" && node.shorthand) {
      const { value } = node as { value: AnyNode };
      const name = value.type === "AssignmentPattern" ? value.left : value;
      if (name.type === "Identifier") this.#refer(name, "shorthand", scope);
      if (value.type === "AssignmentPattern") this.#visit(value.right, scope);
      return;
    }
    if (node.computed) this.#visit(node.key, scope);
    else this.#name(node.key);
    if (node.value) this.#visit(node.value, scope);
  }

  #function(node: Function, scope: Scope): void {
    let outer = scope;
    if (node.id) {
      if (node.type === "FunctionExpression") outer = new Scope(scope, false);
      this.#bind(node.id.name, outer);
    }
    this.#depth++;
    // Defaults of parameters see the parameters, but no `var` of the body.
    const parameters = new Scope(outer, false);
    if (node.type !== "ArrowFunctionExpression") parameters.declare("arguments");
    for (const parameter of node.params) this.#declare(parameter, parameters, parameters);
    if (node.body.type === "BlockStatement") {
      const body = new Scope(parameters, true);
      for (const statement of node.body.body) this.#listed(statement, body);
    } else this.#visit(node.body, parameters);
    this.#depth--;
  }

  #class(node: Class, scope: Scope): void {
    const inner = new Scope(scope, false);
    if (node.id) {
      if (node.type === "ClassDeclaration") this.#bind(node.id.name, scope);
      this.#bind(node.id.name, inner);
    }
    if (node.superClass) this.#visit(node.superClass, inner);
    this.#visitAll(node.body.body, inner);
  }

  #dynamicImport(node: AnyNode & { type: "ImportExpression" }, scope: Scope): void {
    const { source, options } = node;
    this.#dynamics.push({
      specifier: literalText(source),
      start: node.start,
      end: node.end,
      argument: source.start,
      hasOptions: options !== null && options !== undefined,
    });
    this.#visit(source, scope);
    if (options) this.#visit(options, scope);
  }

  #template(node: TaggedTemplateExpression): void {
    const { start, quasis } = node.quasi;
    if (!quasis.some(({ value }) => firstForbidden(value.raw) !== undefined)) return;
    const texts = quasis.map(({ start, end, tail, value }) => (
      { start, end, tail, cooked: value.cooked ?? null, raw: value.raw }
    ));
    const underNew = this.#newTags.has(node);
    this.#tagged.push({ tag: node.start, start, quasis: texts, underNew });
  }

  /** Tags on the left spine of what `new` constructs: a call cannot stand there in place of a template. */
  #markNewTags(callee: AnyNode): void {
    for (let node = callee;;) {
      if (node.type === "MemberExpression") node = node.object;
      else if (node.type === "TaggedTemplateExpression") {
        this.#newTags.add(node);
        node = node.tag;
      } else return;
    }
  }

  // -- Names --

  #refer(node: Identifier, kind: Reference["kind"], scope: Scope): void {
    const { name, start, end } = node;
    if (!this.#imported.has(name) && name !== "arguments") return;
    const beginsStatement = kind === "call" && start === this.#statementStart;
    scope.use({ name, start, end, kind, beginsStatement });
  }

  /** Declare the names of `pattern` in `target`; what it computes is evaluated in `scope`. */
  #declare(pattern: Pattern, target: Scope, scope: Scope): void {
    switch (pattern.type) {
      case "Identifier":
        return this.#bind(pattern.name, target);
      case "ObjectPattern":
        for (const property of pattern.properties) {
          if (property.type === "RestElement") this.#declare(property.argument, target, scope);
          else {
            if (property.computed) this.#visit(property.key, scope);
            else this.#name(property.key);
            this.#declare(property.value, target, scope);
          }
        }
        return;
      case "ArrayPattern":
        for (const element of pattern.elements) {
          if (element !== null) this.#declare(element, target, scope);
        }
        return;
      case "AssignmentPattern":
        this.#declare(pattern.left, target, scope);
        return this.#visit(pattern.right, scope);
      case "RestElement":
        return this.#declare(pattern.argument, target, scope);
      case "MemberExpression":
        return this.#visit(pattern, scope);
    }
  }

  /** A name that refers to nothing: of a member, or private. */
  #name(node: AnyNode, member?: MemberExpression): void {
    if (node.type !== "Identifier" && node.type !== "PrivateIdentifier") return;
    const { name, start, end } = node;
    if (name !== "import" && name !== "export") return;
    const isPrivate = node.type === "PrivateIdentifier";
    const kind = isPrivate ? "private" : member === undefined ? "key" : "member";
    const { object, optional = false } = member ?? {};
    this.#keywordNames.push({ name, start, end, kind, objectEnd: object?.end ?? start, optional });
  }

  #bind(name: string, scope: Scope): void {
    if (scope === this.#module || this.#imported.has(name)) scope.declare(name);
  }
}

/** Add to `found` the uses that no scope between declares the name of: one walk for all of them, however deep they stand. */
function findImportedUses(
  scope: Scope,
  found: Reference[],
  shadows: Map<string, number> = new Map(),
): void {
  for (const use of scope.uses ?? []) {
    if (!(use instanceof Scope)) {
      if (!shadows.get(use.name)) found.push(use);
      continue;
    }
    for (const name of use.names ?? []) shadows.set(name, (shadows.get(name) ?? 0) + 1);
    findImportedUses(use, found, shadows);
    for (const name of use.names ?? []) shadows.set(name, shadows.get(name)! - 1);
  }
}

function exportName(node: Identifier | Literal): string {
  return node.type === "Identifier" ? node.name : String(node.value);
}

function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "RestElement" ? property.argument : property.value)
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => element === null ? [] : boundNames(element));
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    case "MemberExpression":
      return [];
  }
}

/** Whether the value takes its name from what it is assigned to. */
function isAnonymousDefinition(node: AnyNode): boolean {
  switch (node.type) {
    case "ArrowFunctionExpression":
      return true;
    case "FunctionExpression":
    case "ClassExpression":
    case "ClassDeclaration":
      return node.id === null || node.id === undefined;
    default:
      return false;
  }
}

/** The text of a string literal or of a template without substitutions. */
function literalText(node: AnyNode): string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) {
    return node.quasis[0]?.value.cooked ?? undefined;
  }
  return undefined;
}
