import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { repositoryRoot } from "./support/architecture.js";
import { tempFolder } from "./support/temp-folder.js";

const BUILT = join(repositoryRoot(), "dist");
const INDEX = pathToFileURL(join(BUILT, "index.js")).href;
const MAIN = pathToFileURL(join(BUILT, "cli", "main.js")).href;

/** Writes the URL of each module to standard error: of ES modules as they are loaded, of CommonJS ones at the end. */
const LOADER = `import { writeSync } from "node:fs";
export async function load(url, context, next) {
  writeSync(2, "loaded " + url + "\\n");
  return next(url, context);
}`;
const HOOK = `import { writeSync } from "node:fs";
import { createRequire, register } from "node:module";
register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(LOADER)}`)});
const { cache } = createRequire(${JSON.stringify(INDEX)});
process.on("exit", () => { for (const file of Object.keys(cache)) writeSync(2, "loaded file://" + file + "\\n"); });`;

/** Runs a module in a process of its own. Returns the URLs of what it loaded, and the packages among them. */
function loadedBy(
  code: string,
  cwd?: string,
): { readonly urls: readonly string[]; readonly packages: readonly string[] } {
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const { stderr } = spawnSync(process.execPath, ["--import", hook, "--input-type=module", "-e", code], {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const urls = [...new Set(stderr.split("\n").flatMap((line) => /^loaded (.+)$/.exec(line)?.[1] ?? []))];
  const packages = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return { urls, packages: [...new Set(packages)] };
}

const importing = `await import(${JSON.stringify(INDEX)})`;
const running = (...args: readonly string[]): string =>
  `process.argv.splice(1, Infinity, "assetmill", ...${JSON.stringify(args)}); await import(${JSON.stringify(MAIN)});`;

describe("what is loaded", () => {
  it("by importing assetmill is a few of its own files, and no package but reflect-metadata", () => {
    const { urls, packages } = loadedBy(importing);
    expect(packages).to.deep.equal(["reflect-metadata"]);
    expect(urls.length).to.be.within(10, 50);
  });

  it("by assetmillEntities(), which does not wait, is one class of TypeORM and no more", () => {
    const { urls, packages } = loadedBy(
      `const { assetmillEntities } = ${importing}; if (assetmillEntities().length === 0) throw new Error();`,
    );
    expect(packages).to.have.members(["reflect-metadata", "typeorm"]);
    expect(urls.filter((url) => url.includes("/typeorm/"))).to.have.length(1);
  });

  for (const [what, args, own] of [
    ["--help", ["process", "--help"], "cli/program.js"],
    ["a command that asks a server", ["status", "some-job", "--server", "http://127.0.0.1:1"], "cli/server-control.js"],
    ["a flag that no command takes", ["process", "/content", "--concurency", "4"], "cli/program.js"],
  ] as const) {
    it(`by ${what} is neither TypeORM, nor a driver, nor a handler`, () => {
      const { urls, packages } = loadedBy(running(...args));
      expect(urls).to.include(pathToFileURL(join(BUILT, own)).href);
      for (const dear of ["typeorm", "pg", "better-sqlite3", "sqlite3", "inversify", "saxes", "winston"])
        expect(packages).to.not.include(dear);
    });
  }

  it("by processing a folder that warns of nothing is no HTTP, JCR client, schedule or logger", async () => {
    const { folder, remove } = await tempFolder();
    try {
      const sample = join(repositoryRoot(), "examples", "sample");
      const { packages } = loadedBy(
        running("process", "/content/dam/espresso", "--assets", `folder:${sample}?mount=/content/dam/espresso`),
        folder,
      );
      expect(packages).to.include.members(["typeorm", "inversify", "saxes"]);
      for (const unused of ["hono", "zod", "jose", "yazl", "undici", "node-cron", "winston", "winston-transport", "pg"])
        expect(packages).to.not.include(unused);
    } finally {
      await remove();
    }
  });
});
