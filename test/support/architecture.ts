import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, posix, relative, sep } from "node:path";
import ts from "typescript";

/** One import of one file: of another file of the tree, by its path in it, or of a package or `node:` module. */
export interface Edge {
  readonly from: string;
  readonly specifier: string;
  /** Undefined where it is no file of the tree. */
  readonly to: string | undefined;
  readonly typeOnly: boolean;
}

/** What a source file holds that the rules are about. */
export interface Source {
  readonly file: string;
  readonly edges: readonly Edge[];
  readonly readsEnvironment: boolean;
  readonly exportsAll: boolean;
}

/** What may be imported from where. DESIGN.md's table. */
interface Rule {
  /** Packages and `node:` modules. */
  readonly packages: boolean;
  /** Files of the tree beside the zone's own. */
  readonly may: (file: string) => boolean;
  readonly because: string;
}

const isIn =
  (...places: string[]) =>
  (file: string): boolean =>
    places.some((place) => (place.endsWith("/") ? file.startsWith(place) : file === place));

/** Core's folders from the top layer down: each may import those below it; files directly in core/ are the lowest layer. */
export const CORE_FLOORS: readonly (readonly string[])[] = [
  ["core/operator", "core/transfer"],
  ["core/engine"],
  ["core/ports"],
  ["core/job"],
  ["core/asset"],
  ["core"],
];

const coreRule = (floor: number): Rule => ({
  packages: false,
  may: (file) => CORE_FLOORS.slice(floor + 1).some((rooms) => rooms.includes(zoneOf(file))),
  because:
    floor === CORE_FLOORS.length - 1
      ? "core imports nothing outside core, and files directly in core/ import nothing"
      : "core imports nothing outside core, and each of its folders only those below it",
});

const CORE_WITHOUT_ENGINE = (file: string): boolean => isIn("core/")(file) && !isIn("core/engine/")(file);

/** The handler port and what it speaks of: not the engine, not the operator. */
const HANDLER_SIDE = (file: string): boolean =>
  CORE_WITHOUT_ENGINE(file) && !isIn("core/operator/", "core/transfer/")(file);

/** Parts of the composition root with a rule of their own. */
const COMPOSITION_PARTS = ["container", "databases", "entities", "open-resources", "tokens", "uris"].map(
  (name) => `composition/${name}.ts`,
);

const RULES: readonly [zone: (zone: string) => boolean, rule: Rule][] = [
  ...CORE_FLOORS.map((rooms, floor): [(zone: string) => boolean, Rule] => [
    (zone) => rooms.includes(zone),
    coreRule(floor),
  ]),
  [
    isIn("adapters/"),
    {
      packages: true,
      may: isIn("core/", "adapters/sql/"),
      because: "adapters import core, their own technology and adapters/sql, never each other",
    },
  ],
  [isIn("plugins/"), { packages: true, may: HANDLER_SIDE, because: "plugins import the handler port" }],
  [isIn("http"), { packages: true, may: CORE_WITHOUT_ENGINE, because: "http imports the driving port, no adapter" }],
  [
    isIn("cli"),
    {
      packages: true,
      may: (file) =>
        CORE_WITHOUT_ENGINE(file) ||
        zoneOf(file) === "composition" ||
        isIn("assetmill.ts", "composition/uris.ts", "options.ts", "http/index.ts")(file),
      because: "cli imports the driving port and what composes it, no adapter and no plugin",
    },
  ],
  [isIn("testing"), { packages: true, may: isIn("core/"), because: "testing imports core" }],
  [
    isIn("composition/container.ts"),
    {
      packages: true,
      may: (file) => !isIn("cli/", "assetmill.ts", "index.ts")(file),
      because: "the composition root sees everything but what uses it",
    },
  ],
  [
    isIn("composition"),
    {
      packages: true,
      may: (file) =>
        isIn("core/", "adapters/", "plugins/", "composition/", "options.ts")(file) &&
        !isIn("composition/container.ts")(file),
      because: "the composition root's parts see everything but what uses it",
    },
  ],
  [
    isIn("composition/databases.ts"),
    {
      packages: true,
      may: isIn(
        "core/",
        "adapters/sql/",
        "adapters/store/",
        "adapters/assets/database/",
        "options.ts",
        "composition/entities.ts",
        "composition/uris.ts",
      ),
      because: "the part of the composition root that knows which tables there are",
    },
  ],
  [
    isIn("composition/entities.ts"),
    {
      packages: true,
      may: isIn("core/", "adapters/sql/", "adapters/store/", "options.ts"),
      because: "the part of the composition root that knows what TypeORM has to know of the tables",
    },
  ],
  [
    isIn("assetmill.ts"),
    {
      packages: true,
      may: isIn("core/", "composition/container.ts", "composition/tokens.ts", "options.ts", "http/on-demand.ts"),
      because: "only composition/ sees the adapters",
    },
  ],
  [
    isIn("composition/tokens.ts"),
    {
      packages: true,
      may: isIn("core/", "adapters/sql/index.ts", "composition/open-resources.ts"),
      because: "tokens name ports, and the one database that adapters share",
    },
  ],
  [
    isIn("options.ts"),
    { packages: true, may: isIn("core/", "http/index.ts"), because: "options name core's and http's own options" },
  ],
  [
    isIn("composition/open-resources.ts"),
    { packages: false, may: () => false, because: "closing needs to know nothing" },
  ],
  [isIn("composition/uris.ts"), { packages: false, may: isIn("core/"), because: "URIs are parsed, not opened" }],
  [
    isIn("index.ts"),
    {
      packages: true,
      may: isIn("core/", "assetmill.ts", "composition/entities.ts", "composition/tokens.ts", "options.ts"),
      because: "the public API names no adapter",
    },
  ],
];

/** Where a file belongs: its layer, its room of core, its adapter, its plugin, or, with a rule of its own, itself. */
export function zoneOf(file: string): string {
  if (COMPOSITION_PARTS.includes(file)) return file;
  const [layer = "", second = "", third = ""] = file.split("/");
  if (layer === "core") return third === "" ? layer : `${layer}/${second}`;
  if (layer === "adapters" && (second === "assets" || second === "dispatch")) return `adapters/${second}/${third}`;
  return layer === "adapters" || layer === "plugins" ? `${layer}/${second}` : layer;
}

/** Every breach of the import table in a tree of sources, one sentence each. */
export function breaches(sources: readonly Source[]): string[] {
  return [...sources.flatMap(breachesOf), ...cycles(sources).map((cycle) => `import cycle: ${cycle.join(" -> ")}`)];
}

function breachesOf(source: Source): string[] {
  const { file } = source;
  const found: string[] = [];
  const zone = zoneOf(file);
  const rule = RULES.find(([applies]) => applies(zone))?.[1];
  if (!rule) return [`${file}: no rule says what ${zone} may import`];
  for (const { specifier, to } of source.edges) {
    const legal = to === undefined ? rule.packages : zoneOf(to) === zone || rule.may(to);
    if (!legal) found.push(`${file} imports ${specifier}: ${rule.because}`);
  }
  if (source.readsEnvironment && zone !== "cli") found.push(`${file} reads the environment: only cli does`);
  if (source.exportsAll && file === "index.ts") found.push(`${file} has an "export *": the public API is a list`);
  return found;
}

/** The rooms of core and the imports between them, counted as arrows from room to room. */
export function coreRooms(sources: readonly Source[]): { readonly rooms: string[]; readonly arrows: string[] } {
  const core = sources.filter(({ file }) => file.startsWith("core/"));
  // A file directly in core/ counts as a room of its own, as a folder does.
  const roomOf = (file: string): string => (zoneOf(file) === "core" ? file : zoneOf(file));
  const rooms = new Set(core.map(({ file }) => roomOf(file)).filter((room) => !room.endsWith(".d.ts")));
  const arrows = new Set<string>();
  for (const { file, edges } of core) {
    for (const { to } of edges) {
      if (to !== undefined && roomOf(to) !== roomOf(file)) arrows.add(`${roomOf(file)} -> ${roomOf(to)}`);
    }
  }
  return { rooms: [...rooms].sort(), arrows: [...arrows].sort() };
}

export function readSources(root: string): readonly Source[] {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(sep).join("/"))
    .filter((file) => /\.[cm]?tsx?$/.test(file));
  const known = new Set(files);
  return files.sort().map((file) => readSource(root, file, known));
}

function readSource(root: string, file: string, known: ReadonlySet<string>): Source {
  const text = readFileSync(join(root, file), "utf8");
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const edges: Edge[] = [];
  let readsEnvironment = false;
  let exportsAll = false;
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (!specifier) return;
    // A dynamic import of whatever a value says can only be judged by people.
    const name = ts.isStringLiteralLike(specifier) ? specifier.text : `(${specifier.getText(tree)})`;
    edges.push({ from: file, specifier: name, to: resolve(file, name, known), typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
      readsEnvironment ||=
        /^(?:node:)?process$/.test((node.moduleSpecifier as ts.StringLiteral).text) && names(node, "env");
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
      exportsAll ||= node.moduleSpecifier !== undefined && node.exportClause === undefined;
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly);
    } else if (ts.isCallExpression(node)) {
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
      if (isImport || isRequire) add(node.arguments[0], false);
    } else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      readsEnvironment ||= isProcess(node.expression) && memberOf(node) === "env";
    } else if (ts.isVariableDeclaration(node) && node.initializer && isProcess(node.initializer)) {
      readsEnvironment ||= ts.isObjectBindingPattern(node.name) && names(node.name, "env");
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { file, edges, readsEnvironment, exportsAll };
}

const isProcess = (node: ts.Node): boolean =>
  (ts.isIdentifier(node) && node.text === "process") ||
  (ts.isPropertyAccessExpression(node) && node.expression.getText() === "globalThis" && node.name.text === "process");

function memberOf(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined;
}

/** True where the declaration speaks of that name. */
function names(node: ts.Node, name: string): boolean {
  let found = false;
  const visit = (child: ts.Node): void => {
    if (ts.isIdentifier(child) && child.text === name) found = true;
    ts.forEachChild(child, visit);
  };
  visit(node);
  return found;
}

/** A file of the tree, by its path in it; a relative path out of the tree is its own, and no rule allows it. */
function resolve(from: string, specifier: string, known: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = posix.join(posix.dirname(from), specifier);
  const candidates = [
    path,
    path.replace(/\.js$/, ".ts"),
    path.replace(/\.js$/, ".d.ts"),
    `${path}.ts`,
    `${path}/index.ts`,
  ];
  return candidates.find((candidate) => known.has(candidate)) ?? path;
}

/** Import cycles, type-only edges included: each group of files that reach each other, as one way round. */
export function cycles(sources: readonly Source[], withTypes = true): string[][] {
  const next = new Map(
    sources.map(({ file, edges }) => [
      file,
      edges.filter(({ typeOnly, to }) => to !== undefined && (withTypes || !typeOnly)).map(({ to }) => to as string),
    ]),
  );
  const found: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const walk = (file: string): void => {
    const at = way.indexOf(file);
    if (at >= 0) {
      found.push([...way.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    way.push(file);
    for (const to of next.get(file) ?? []) walk(to);
    way.pop();
    done.add(file);
  };
  for (const { file } of sources) walk(file);
  return found;
}

/** Packages that a tree imports, by name; `node:` modules left out. */
export function packagesOf(sources: readonly Source[]): Set<string> {
  const packages = new Set<string>();
  for (const { specifier, to } of sources.flatMap(({ edges }) => edges)) {
    if (to !== undefined || isBuiltin(specifier) || specifier.startsWith("(")) continue;
    packages.add(
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  }
  return packages;
}

/** The repository's root: the tests run in it. */
export function repositoryRoot(): string {
  const root = process.cwd();
  const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { name: string };
  if (name !== "assetmill")
    throw new Error(`run the tests in the repository's root, not in ${relative(dirname(root), root)}`);
  return root;
}
