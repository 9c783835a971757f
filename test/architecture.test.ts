import { mkdir, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import {
  breaches,
  CORE_FLOORS,
  coreRooms,
  cycles,
  packagesOf,
  readSources,
  repositoryRoot,
} from "./support/architecture.js";
import { tempFolder } from "./support/temp-folder.js";

const ROOT = repositoryRoot();
const SRC = join(ROOT, "src");

describe("the architecture", () => {
  const sources = readSources(SRC);

  it("keeps to the import table, has no cycle, and reads the environment in cli alone", () => {
    expect(sources.length).to.be.above(50);
    expect(breaches(sources)).to.deep.equal([]);
  });

  it("groups core into a few folders, whose imports all point downwards", () => {
    const { rooms, arrows } = coreRooms(sources);
    process.stdout.write(`      core: ${rooms.length} rooms, ${arrows.length} arrows between them, all downward\n`);
    expect(rooms).to.have.members(["core/errors.ts", ...CORE_FLOORS.flat().filter((room) => room !== "core")]);
    // That they run down is the import table's, above.
    expect(arrows.length).to.be.at.most(21);
  });

  it("imports no package but those that package.json names", () => {
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
      optionalDependencies: Record<string, string>;
    };
    const named = new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies)]);
    expect([...packagesOf(sources)].filter((name) => !named.has(name))).to.deep.equal([]);
  });
});

describe("the architecture's test", () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ folder, remove } = await tempFolder());
  });
  afterEach(() => remove());

  const SOUND: Record<string, string> = {
    "index.ts":
      'export { createAssetmill } from "./assetmill.js";\nexport type { Asset } from "./core/asset/asset.js";',
    "assetmill.ts": 'import { compose } from "./composition/container.js";\nexport const createAssetmill = compose;',
    "composition/container.ts": `import "reflect-metadata";
      import { Folder } from "../adapters/assets/folder/index.js";
      import { Store } from "../adapters/store/index.js";
      import { dita } from "../plugins/dita/index.js";
      export const compose = [Folder, Store, dita];`,
    "options.ts": "export const options = 1;",
    "composition/tokens.ts": 'import type { Db } from "../adapters/sql/index.js";\nexport type T = Db;',
    "composition/uris.ts": "export const uri = 1;",
    "core/asset/asset.ts": "export interface Asset { path: string }",
    "core/engine/worker.ts": 'import type { Asset } from "../asset/asset.js";\nexport type W = Asset;',
    "core/job/job.ts": "export const job = 1;",
    "core/operator/operator.ts": "export const operator = 1;",
    "core/ports/asset-handler.ts": 'import type { Asset } from "../asset/asset.js";\nexport type H = Asset;',
    "adapters/sql/index.ts": 'import { readFileSync } from "node:fs";\nexport type Db = typeof readFileSync;',
    "adapters/store/index.ts":
      'import type { Db } from "../sql/index.js";\nexport const Store = 1;\nexport type S = Db;',
    "adapters/assets/folder/index.ts":
      'import type { Asset } from "../../../core/asset/asset.js";\nimport type { Db } from "../../sql/index.js";\nexport const Folder = 1;\nexport type F = [Asset, Db];',
    "adapters/assets/jcr/index.ts": "export const Jcr = 1;",
    "http/index.ts":
      'import { Hono } from "hono";\nimport { operator } from "../core/operator/operator.js";\nexport const app = [Hono, operator];',
    "plugins/dita/index.ts":
      'import type { H } from "../../core/ports/asset-handler.js";\nexport const dita = 1;\nexport type D = H;',
    "plugins/image/index.ts": "export const image = 1;",
    "cli/main.ts":
      'import { createAssetmill } from "../assetmill.js";\nexport const home = [createAssetmill, process.env.HOME];',
  };

  const breachesOf = async (files: Record<string, string>): Promise<string[]> => {
    for (const [file, text] of Object.entries({ ...SOUND, ...files })) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    return breaches(readSources(folder));
  };

  it("finds no fault in a valid tree", async () => {
    expect(await breachesOf({})).to.deep.equal([]);
  });

  /** What breaks a rule: the file and its text, and what the one breach found has to say. */
  const BROKEN: [title: string, file: string, text: string, says: RegExp][] = [
    ["core that imports a package", "core/x.ts", 'import { z } from "zod";\nz;', /core\/x.ts imports zod/],
    ["core that imports a node module", "core/x.ts", 'import { join } from "node:path";\njoin;', /imports node:path/],
    [
      "core that imports a node module's type",
      "core/x.ts",
      'import type { Stats } from "node:fs";\nexport type X = Stats;',
      /node:fs/,
    ],
    ["core that imports a node module without its prefix", "core/x.ts", 'import "fs";', /imports fs/],
    [
      "core that imports an adapter",
      "core/x.ts",
      'import "../adapters/store/index.js";',
      /core imports nothing outside/,
    ],
    [
      "core that imports an adapter's type",
      "core/x.ts",
      'import type { Db } from "../adapters/sql/index.js";\nexport type X = Db;',
      /core\/x.ts/,
    ],
    [
      "core that imports an adapter dynamically",
      "core/x.ts",
      'export const x = () => import("../adapters/store/index.js");',
      /core\/x.ts/,
    ],
    ["core that speaks of a type by import()", "core/x.ts", 'export type X = import("node:fs").Stats;', /node:fs/],
    [
      "core that exports an adapter on",
      "core/x.ts",
      'export { Store } from "../adapters/store/index.js";',
      /core\/x.ts/,
    ],
    ["core that exports all of a package on", "core/x.ts", 'export * from "zod";', /zod/],
    [
      "a port that imports the engine",
      "core/ports/x.ts",
      'import type { W } from "../engine/worker.js";\nexport type X = W;',
      /core\/ports\/x.ts .* only those below it/,
    ],
    [
      "the engine that imports the operator",
      "core/engine/x.ts",
      'import { operator } from "../operator/operator.js";\noperator;',
      /only those below it/,
    ],
    [
      "core's ground that imports a room",
      "core/x.ts",
      'import type { Asset } from "./asset/asset.js";\nexport type X = Asset;',
      /directly in core.* import nothing/,
    ],
    [
      "an asset that imports the job",
      "core/asset/x.ts",
      'import { job } from "../job/job.js";\njob;',
      /only those below it/,
    ],
    ["core that requires", "core/x.ts", 'import fs = require("node:fs");\nexport const x = fs;', /node:fs/],
    [
      "core that imports what a value says",
      "core/x.ts",
      "export const x = (name: string) => import(name);",
      /\(name\)/,
    ],
    [
      "core that imports the container",
      "core/x.ts",
      'import type { compose } from "../composition/container.js";\nexport type X = typeof compose;',
      /container/,
    ],
    ["core that imports out of the tree", "core/x.ts", 'import "../../elsewhere.js";', /elsewhere/],
    [
      "an adapter that imports another",
      "adapters/store/x.ts",
      'import { Folder } from "../assets/folder/index.js";\nFolder;',
      /never each other/,
    ],
    [
      "an adapter that imports another of its kind",
      "adapters/assets/folder/x.ts",
      'import { Jcr } from "../jcr/index.js";\nJcr;',
      /never each other/,
    ],
    [
      "the shared sql that imports an adapter",
      "adapters/sql/x.ts",
      'import { Store } from "../store/index.js";\nStore;',
      /never each other/,
    ],
    [
      "an adapter that imports http",
      "adapters/store/x.ts",
      'import { app } from "../../http/index.js";\napp;',
      /adapters\/store\/x.ts/,
    ],
    [
      "an adapter that imports a plugin",
      "adapters/store/x.ts",
      'import { dita } from "../../plugins/dita/index.js";\ndita;',
      /adapters\/store\/x.ts/,
    ],
    [
      "a plugin that imports another",
      "plugins/image/x.ts",
      'import { dita } from "../dita/index.js";\ndita;',
      /handler port/,
    ],
    ["a plugin that imports an adapter", "plugins/dita/x.ts", 'import "../../adapters/sql/index.js";', /handler port/],
    [
      "a plugin that imports the engine",
      "plugins/dita/x.ts",
      'import type { W } from "../../core/engine/worker.js";\nexport type X = W;',
      /handler port/,
    ],
    [
      "a plugin that imports the operator",
      "plugins/dita/x.ts",
      'import "../../core/operator/operator.js";',
      /handler port/,
    ],
    [
      "http that imports an adapter",
      "http/x.ts",
      'import type { Db } from "../adapters/sql/index.js";\nexport type X = Db;',
      /http\/x.ts/,
    ],
    [
      "http that imports the engine",
      "http/x.ts",
      'import type { W } from "../core/engine/worker.js";\nexport type X = W;',
      /driving port/,
    ],
    ["http that imports the container", "http/x.ts", 'import "../composition/container.js";', /http\/x.ts/],
    ["cli that imports an adapter", "cli/x.ts", 'import "../adapters/store/index.js";', /cli\/x.ts/],
    ["cli that imports the container", "cli/x.ts", 'import "../composition/container.js";', /cli\/x.ts/],
    [
      "a part of the composition that imports the whole",
      "composition/x.ts",
      'import "./container.js";',
      /the composition root's parts/,
    ],
    ["cli that imports a plugin", "cli/x.ts", 'import "../plugins/dita/index.js";', /cli\/x.ts/],
    ["cli that imports the insides of http", "cli/x.ts", 'import "../http/routes.js";', /cli\/x.ts/],
    [
      "a container that imports cli",
      "composition/container.ts",
      `${SOUND["composition/container.ts"]}\nimport "../cli/x.js";`,
      /container.ts/,
    ],
    [
      "an entry that imports an adapter",
      "assetmill.ts",
      `${SOUND["assetmill.ts"]}\nimport "./adapters/store/index.js";`,
      /only composition\//,
    ],
    [
      "a public API that names an adapter",
      "index.ts",
      `${SOUND["index.ts"]}\nexport { Store } from "./adapters/store/index.js";`,
      /public API/,
    ],
    ["a public API with an export *", "index.ts", `${SOUND["index.ts"]}\nexport * from "./options.js";`, /export \*/],
    [
      "a public API with a named export *",
      "index.ts",
      `${SOUND["index.ts"]}\nexport type * from "./options.js";`,
      /export \*/,
    ],
    ["a folder that no rule knows", "utils/x.ts", "export const x = 1;", /no rule says what utils may import/],
    ["a file at the top that no rule knows", "helpers.ts", "export const x = 1;", /no rule says what helpers.ts/],
    [
      "process.env outside of cli",
      "composition/container.ts",
      `${SOUND["composition/container.ts"]}\nexport const x = process.env.HOME;`,
      /environment/,
    ],
    ["process.env in core", "core/x.ts", "declare const process: any;\nexport const x = process.env;", /environment/],
    ['process["env"]', "http/x.ts", 'export const x = process["env"].HOME;', /environment/],
    ["globalThis.process.env", "http/x.ts", "export const x = globalThis.process.env.HOME;", /environment/],
    [
      "a destructured process.env",
      "adapters/store/x.ts",
      "const { env: e } = process;\nexport const x = e;",
      /environment/,
    ],
    [
      "an imported env",
      "adapters/store/x.ts",
      'import { env } from "node:process";\nexport const x = env;',
      /environment/,
    ],
  ];
  for (const [title, file, text, says] of BROKEN) {
    it(`finds ${title}`, async () => {
      const found = await breachesOf({ [file]: text });
      expect(found).to.have.length(1);
      expect(found[0]).to.match(says);
    });
  }

  it("finds a cycle of two files", async () => {
    const found = await breachesOf({
      "core/x.ts": 'import { y } from "./y.js";\nexport const x = y;',
      "core/y.ts": 'import { x } from "./x.js";\nexport const y = x;',
    });
    expect(found).to.deep.equal(["import cycle: core/x.ts -> core/y.ts -> core/x.ts"]);
  });

  it("finds a cycle of types alone, over three files, and tells it from one of values", async () => {
    const found = await breachesOf({
      "core/x.ts": 'import type { Y } from "./y.js";\nexport type X = Y;',
      "core/y.ts": 'import type { Z } from "./z.js";\nexport type Y = Z;',
      "core/z.ts": 'export type Z = import("./x.js").X;',
    });
    expect(found).to.deep.equal(["import cycle: core/x.ts -> core/y.ts -> core/z.ts -> core/x.ts"]);
    expect(cycles(readSources(folder), false)).to.deep.equal([]);
  });

  it("finds a file that imports itself", async () => {
    expect(await breachesOf({ "core/x.ts": 'export * from "./x.js";' })).to.deep.equal([
      "import cycle: core/x.ts -> core/x.ts",
    ]);
  });
});
