import { expect } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { jsonLines, linesOf, TOPIC, Workbench } from "./workbench.js";

const NAMES = ["back\\slash", "line\nbreak", "blank "];

/** What `process` reports can be asked for, in whatever kind of repository. */
describe("names with backslashes, line breaks and blanks at their ends", () => {
  const bench = new Workbench();
  const folder = bench.path("tree");
  const root = "/content/dam/t";

  let plugin: string;

  before(async () => {
    mkdirSync(folder);
    for (const name of NAMES) writeFileSync(`${folder}/${name}`, name);
    plugin = bench.write(
      "path.mjs",
      'export default { name: "path", version: "1", process: ({ path }) => ({ properties: { path } }) };',
    );
    const imported = await bench.call(["import", folder, root, "--assets", `sqlite:${bench.path("assets.sqlite")}`]);
    expect(imported.code, imported.err).to.equal(0);
  });
  after(() => bench.dispose());

  for (const [kind, assets] of [
    ["folder", `folder:${folder}?mount=${root}`],
    ["database", `sqlite:${bench.path("assets.sqlite")}`],
  ] as const) {
    it(`are processed and shown one by one in a ${kind}`, async () => {
      const on = ["--assets", assets, "--store", `sqlite:${bench.path(`${kind}.sqlite`)}`];
      for (const name of NAMES) {
        const path = `${root}/${name}`;
        const ran = await bench.call(["process", path, ...on, "--plugin", plugin, "--json"]);
        expect(ran.code, ran.err).to.equal(0);
        expect(jsonLines(ran).at(-1)).to.include({ path, succeededCount: 1 });
        const shown = await bench.call(["show", path, ...on, "--json"]);
        expect(jsonLines(shown)[0]).to.have.nested.property("properties.path", path);
      }
    });
  }

  it("are one line each in history, outcomes and show, and no two look alike", async () => {
    const store = ["--store", `sqlite:${bench.path("folder.sqlite")}`];
    const history = linesOf(await bench.call(["history", ...store]));
    expect(history.map((line) => line.replace(/^\S+ SUCCESS +1\/1 /, ""))).to.deep.equal([
      `$'${root}/blank '`,
      `$'${root}/line\\nbreak'`,
      `${root}/back\\slash`,
    ]);
    const [, line] = jsonLines(await bench.call(["history", ...store, "--json"]));
    expect(linesOf(await bench.call(["outcomes", line.processingId, ...store]))).to.deep.equal([
      `SUCCEEDED $'${root}/line\\nbreak'`,
    ]);
    const assets = ["--assets", `folder:${folder}?mount=${root}`];
    const shown = linesOf(await bench.call(["show", `${root}/line\nbreak`, ...assets, ...store]));
    expect(shown.slice(0, 2)).to.deep.equal([`$'${root}/line\\nbreak'`, "Properties:"]);
  });

  it("are told apart from the same name without its blank, which is not there", async () => {
    const on = ["--assets", `folder:${folder}?mount=${root}`, "--store", bench.store];
    const trimmed = await bench.call(["process", `${root}/blank`, ...on]);
    expect([trimmed.code, trimmed.out]).to.deep.equal([2, ""]);
    const added = await bench.call(["process", `${root}/back\\slash `, ...on]);
    expect(added.code).to.equal(2);
    expect(added.err).to.match(/the blank at its end is part of the name/);
  });
});

describe("process --exclude with a path that leaves nothing out", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  it("says so on standard error", async () => {
    const assets = bench.tree({ "a.dita": TOPIC });
    const flags = ["--exclude", "/content/dam/t/typpo", "--exclude", "*.dita"];
    const ran = await bench.call(["process", "/content/dam/t", "--assets", assets, "--store", bench.store, ...flags]);
    expect(ran.code).to.equal(0);
    expect(ran.err).to.match(/^Warning: .*\/content\/dam\/t\/typpo .*does not exist$/m);
    expect(ran.err).to.match(/^Warning: .*\*\.dita .*patterns are not supported/m);
  });
});
