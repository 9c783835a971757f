import { execFileSync } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { tempFolder } from "../../support/temp-folder.js";

/** What each package's loader throws, in the words of Node and of `bindings`. */
const BROKEN = {
  unbuilt: 'throw new Error("Could not locate the bindings file. Tried:\\n → /secret/build/x.node");',
  otherNode: `throw Object.assign(new Error("The module '/secret/x.node'\\nwas compiled against a different Node.js version using\\nNODE_MODULE_VERSION 115."), { code: "ERR_DLOPEN_FAILED" });`,
};

describe("the choice of a SQLite driver, where none can be used", () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ folder, remove } = await tempFolder());
    // The loader alone, far from our node_modules.
    await cp("dist/adapters/sql", join(folder, "adapters/sql"), { recursive: true });
    await cp("dist/core", join(folder, "core"), { recursive: true });
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  });
  afterEach(() => remove());

  const install = async (name: string, code: string): Promise<void> => {
    const at = join(folder, "node_modules", name);
    await mkdir(at, { recursive: true });
    await writeFile(join(at, "package.json"), JSON.stringify({ name, main: "index.cjs" }));
    await writeFile(join(at, "index.cjs"), code);
  };
  const refusal = (names = ""): string =>
    execFileSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `const { loadSqliteDriver } = await import(${JSON.stringify(join(folder, "adapters/sql/sqlite-driver.js"))});
         await loadSqliteDriver(${names}).then(() => console.log("loaded"), ({ code, message }) => console.log(code, message));`,
      ],
      { cwd: folder, encoding: "utf8" },
    ).trim();

  it("says that neither is installed, for which Node, and what to do", () => {
    expect(refusal()).to.equal(
      `INVALID_PARAMETER no SQLite driver can be used with Node ${process.versions.node}: better-sqlite3: not installed; ` +
        "sqlite3: not installed. Run npm install better-sqlite3, and npm rebuild after a change of Node's version; where no " +
        "prebuilt binary fits, that needs Python 3, make and a C++ compiler",
    );
  });

  it("says which is not built, and which was built for another version of Node, and shows no paths", async () => {
    await install("better-sqlite3", BROKEN.otherNode);
    await install("sqlite3", BROKEN.unbuilt);
    const said = refusal();
    expect(said).to.include(
      "better-sqlite3: its binary was built for another version of Node; sqlite3: installed, but its binary is not built",
    );
    expect(said).not.to.include("secret");
  });

  it("names only the one that was asked for", async () => {
    expect(refusal('["sqlite3"]')).to.match(/: sqlite3: not installed\. Run npm install sqlite3,/);
  });

  it("takes the other one if the first is not built", async () => {
    await install("better-sqlite3", BROKEN.unbuilt);
    await install("sqlite3", "exports.Database = class {}; exports.verbose = () => exports;");
    expect(refusal()).to.equal("loaded");
  });
});
