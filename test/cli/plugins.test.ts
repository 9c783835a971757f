import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Ended } from "./running-command.js";
import { jsonLines, LIBRARY, linesOf, SAMPLE, severally, TOPIC, Workbench } from "./workbench.js";

/** As DESIGN.md has it, word for word. */
const TEN_LINES = `/** @type {import("assetmill").AssetHandler} */
export default {
  name: "has-title", version: "1", types: ["ASSET_PROCESSING"],
  accepts: (asset) => asset.fileType === "DITATOPIC",
  async process(asset, context) {
    const text = await context.text();                 // also context.bytes(), context.stream()
    return { properties: { hasTitle: text.includes("<title") } };
  },
};
`;

const handler = (name: string, rest = "") =>
  `{ name: "${name}", version: "1", process: (asset) => ({ properties: { "${name}": asset.path } }), ${rest} }`;

describe("--plugin", () => {
  const bench = new Workbench();
  const assets = bench.tree({ "a.dita": TOPIC, "b.md": "# B" });
  after(() => bench.dispose());

  let stores = 0;
  /** Processes the tree with these plugins, in a store of its own. */
  async function processed(plugins: readonly string[], ...more: readonly string[]) {
    const store = `sqlite:${bench.path(`plugins-${stores++}.sqlite`)}`;
    const flags = plugins.flatMap((file) => ["--plugin", file]);
    const ended = await bench.call(["process", "/", "--assets", assets, "--store", store, "--json", ...flags, ...more]);
    const shown = async (asset: string): Promise<any> => {
      const answer = await bench.call(["show", asset, "--assets", assets, "--store", store, "--json"]);
      return answer.code === 0 ? jsonLines(answer)[0] : undefined;
    };
    return { ...ended, store, shown };
  }

  it("runs the ten lines of the design beside the built-in handler", async () => {
    const plugin = bench.write("has-title.mjs", TEN_LINES);
    const flags = ["--assets", assets, "--store", `sqlite:${bench.path("ten.sqlite")}`];
    const { code, err } = await bench.run(["process", "/", "--plugin", plugin, ...flags]);
    expect(code, err).to.equal(0);
    const shown = async (asset: string): Promise<any> =>
      jsonLines(await bench.call(["show", asset, "--json", ...flags]))[0];
    const { properties, stamp } = await shown("/content/dam/t/a.dita");
    expect(properties).to.include({ hasTitle: true, fmditaTitle: "T" });
    expect(Object.keys(stamp.handlers)).to.deep.equal(["dita", "has-title"]);
    expect(await shown("/content/dam/t/b.md"), "what it does not accept").to.equal(undefined);
  });

  it("does not let what a plugin left open keep the process alive, nor a forgotten promise stop anything", async () => {
    const plugin = bench.write(
      "open.mjs",
      `import { createServer } from "node:net";
       createServer().listen(0);
       setInterval(() => {}, 1000);
       export default { name: "open", version: "1", process() { void Promise.reject(new Error("forgotten")); } };`,
    );
    const store = `sqlite:${bench.path("open.sqlite")}`;
    const command = ["process", "/", "--assets", assets, "--store", store, "--plugin", plugin];
    const { code, out, err } = await bench.run(command, { withinMs: 20_000 });
    expect(code, err).to.equal(0);
    expect(out).to.match(/SUCCESS/);
    expect(err).to.match(/unhandled promise rejection: forgotten/);
  });

  it("ends the command with one sentence if a plugin throws outside of an asset's work; the same command resumes", async () => {
    const plugin = bench.write(
      "late.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
       export default { name: "late", version: "1", async process() {
         if (existsSync("thrown")) return;
         writeFileSync("thrown", "");
         setTimeout(() => { throw new Error("too late"); }, 10);
         await new Promise((over) => setTimeout(over, 500));
       } };`,
    );
    const store = `sqlite:${bench.path("late.sqlite")}`;
    const command = ["process", "/", "--assets", assets, "--store", store, "--plugin", plugin];
    const first = await bench.run(command, { withinMs: 20_000 });
    expect(first.code).to.equal(1);
    expect(first.err).to.match(/uncaught exception outside any asset: too late \(at .*late\.mjs/);
    expect(first.err).not.to.match(/\n\s+at /);
    const second = await bench.run(command, { withinMs: 20_000 });
    expect([second.code, second.err]).to.deep.equal([0, second.err]);
    expect(second.err).to.match(/Resuming job/);
  });

  it("is shown with the same ten lines in the README, in examples and in the design", () => {
    const sources = ["README.md", "examples/has-title.mjs", "../shared/docs/DESIGN.md"].map((file) =>
      path.resolve(file),
    );
    for (const file of sources.filter((name, i) => i < 2 || existsSync(name))) {
      const text = readFileSync(file, "utf8").replace(/^ {2}(?=```|\/\*\*|export|\s|\})/gm, (margin) =>
        file.endsWith("DESIGN.md") ? "" : margin,
      );
      expect(text, file).to.include(TEN_LINES);
    }
  });

  it("accepts an array of handlers, run in its order, and several files", async () => {
    const two = bench.write("two.mjs", `export default [${handler("first")}, ${handler("second")}];`);
    const third = bench.write("third.mjs", `export default ${handler("third")};`);
    const { code, err, shown } = await processed([two, third]);
    expect(code, err).to.equal(0);
    const { stamp } = await shown("/content/dam/t/b.md");
    expect(Object.keys(stamp.handlers)).to.deep.equal(["first", "second", "third"]);
  });

  it("accepts an inversify ContainerModule that binds handlers under ASSET_HANDLER", async () => {
    const inversify = import.meta.resolve("inversify");
    const plugin = bench.write(
      "module.mjs",
      `import { ContainerModule } from ${JSON.stringify(inversify)};
       import { ASSET_HANDLER } from ${JSON.stringify(pathToFileURL(LIBRARY).href)};
       export default new ContainerModule(({ bind }) => {
         bind(ASSET_HANDLER).toConstantValue(${handler("bound")});
         bind(ASSET_HANDLER).toConstantValue(${handler("bound-too")});
       });`,
    );
    const { code, err, shown } = await processed([plugin]);
    expect(code, err).to.equal(0);
    expect(Object.keys((await shown("/content/dam/t/b.md")).stamp.handlers)).to.deep.equal(["bound", "bound-too"]);
  });

  it("resolves a relative file name against the working folder; accepts, types and async are optional", async () => {
    bench.write("sub/plain.mjs", `export default ${handler("plain")};`);
    const flags = ["--assets", assets, "--store", bench.store];
    const { code, err } = await bench.run(["process", "/content/dam/t/b.md", "--plugin", "sub/plain.mjs", ...flags]);
    expect(code, err).to.equal(0);
    const [result] = await bench.ask("show", "/content/dam/t/b.md", "--assets", assets);
    expect(result.properties).to.deep.equal({ plain: "/content/dam/t/b.md" });
  });

  it("treats skip, fail, retry, any error and an invalid result as documented for handler authors", async () => {
    const tree = bench.tree(
      Object.fromEntries(["fail", "lie", "ok", "retry", "skip", "throw"].map((name) => [`${name}.txt`, name])),
      "ends",
    );
    const plugin = bench.write(
      "ends.mjs",
      `export default { name: "ends", version: "1", async process(asset, context) {
         const what = await context.text();
         if (what === "skip") throw context.skip("not mine");
         if (what === "fail") throw context.fail("TOO_BAD", "it is bad");
         if (what === "retry" && context.attempt < 2) throw context.retry("once more");
         if (what === "throw") throw new TypeError("oops");
         if (what === "lie") return 42;
       } };`,
    );
    const flags = ["--assets", tree, "--store", bench.store, "--plugin", plugin];
    expect((await bench.call(["process", "/content/dam/t", ...flags])).code).to.equal(1);
    const [{ processingId }] = (await bench.ask("history")) as [{ processingId: string }];
    const outcomes = (await bench.ask("outcomes", processingId)).map(({ at: _, path: asset, ...rest }) => [
      asset.replace(/^.*\/|\.txt$/g, ""),
      rest,
    ]);
    const ends = Object.fromEntries(outcomes);
    const failed = { outcome: "FAILED", handler: "ends", attempts: 1 };
    expect(ends.fail).to.deep.equal({ ...failed, code: "TOO_BAD", message: "it is bad" });
    expect(ends.throw).to.deep.equal({ ...failed, code: "HANDLER_ERROR", message: "oops" });
    expect(ends.lie).to.deep.include({ ...failed, code: "HANDLER_ERROR" });
    expect(ends.lie.message).to.match(/number/);
    expect(ends.ok).to.deep.equal({ outcome: "SUCCEEDED", attempts: 1 });
    expect(ends.retry).to.deep.equal({ outcome: "SUCCEEDED", attempts: 2 });
    expect(ends.skip).to.deep.equal({
      outcome: "SKIPPED",
      code: "BY_HANDLER",
      message: "not mine",
      handler: "ends",
      attempts: 1,
    });
  });

  it("runs only the plugin for a type of its own, which is named if another type is requested", async () => {
    const plugin = bench.write("typed.mjs", `export default ${handler("typed", 'types: ["MY_TYPE"],')};`);
    const [own, unknown, usual] = await severally(["MY_TYPE", "OTHER", "ASSET_PROCESSING"], (type) =>
      processed([plugin], "--type", type),
    );
    expect(own?.code, own?.err).to.equal(0);
    const handlersIn = async (run: typeof own) =>
      Object.keys((await run?.shown("/content/dam/t/a.dita"))?.stamp.handlers);
    expect(await handlersIn(own)).to.deep.equal(["typed"]);
    expect(unknown?.code).to.equal(2);
    expect(JSON.parse(unknown?.out ?? "").detail).to.match(/ASSET_PROCESSING, MY_TYPE/);
    expect(await handlersIn(usual)).to.deep.equal(["dita"]);
  });

  const REFUSED: Readonly<Record<string, readonly [content: string, says: RegExp]>> = {
    "with a syntax error": ["export default {", /bad\d+\.mjs cannot be loaded: Unexpected/],
    "that throws when it is loaded": ['throw new Error("no licence");', /bad\d+\.mjs cannot be loaded: no licence/],
    "that imports what is not there": ['import "no-such-package";', /bad\d+\.mjs cannot be loaded: .*no-such-package/],
    "without a default export": ["export const handler = {};", /bad\d+\.mjs must have a default export/],
    "whose default export is a function": ["export default () => {};", /bad\d+\.mjs must have a default export/],
    "with an empty list": ["export default [];", /bad\d+\.mjs must have a default export/],
    "with a hole in its list": [`export default [${handler("a")}, null];`, /bad\d+\.mjs must have a default export/],
    "with a handler without a name": ['export default { version: "1", process() {} };', /name/],
    "with a name that is no name": [`export default ${handler("a b")};`, /name.*a b/],
    "with a handler without a version": ['export default { name: "v", process() {} };', /handler v has no version/],
    "with a handler without process": ['export default { name: "p", version: "1" };', /handler p has no process/],
    "with two handlers of one name": [`export default [${handler("twin")}, ${handler("twin")}];`, /two.*twin/],
    "with the built-in handler's name": [`export default ${handler("dita")};`, /two.*dita/],
    "with no types": [`export default ${handler("t", "types: [],")};`, /handler t: types/],
  };

  it("exits with 2 and a sentence that names what is wrong with a file, before any job is created", async () => {
    const all = await severally(Object.values(REFUSED), ([content]) =>
      processed([bench.write(`bad${stores}.mjs`, content)]),
    );
    Object.entries(REFUSED).forEach(([what, [, says]], i) => {
      const refused = all[i] as Ended & { store: string };
      expect(refused.code, `${what}: ${refused.out}${refused.err}`).to.equal(2);
      expect(linesOf(refused), what).to.have.length(1);
      const problem = JSON.parse(refused.out);
      expect(problem.code, what).to.equal("INVALID_PARAMETER");
      expect(problem.detail, what).to.match(says);
      expect(refused.out + refused.err, what).not.to.match(/\n\s+at /);
      expect(existsSync(refused.store.slice("sqlite:".length)), `${what}: a store was made`).to.equal(false);
    });
  });

  it("keeps what a plugin logs out of the lines of --json", async () => {
    const plugin = bench.write(
      "chatty.mjs",
      `export default { name: "chatty", version: "1", process(asset, { logger }) { logger.error("to the log"); } };`,
    );
    const flags = ["--assets", SAMPLE, "--store", `sqlite:${bench.path("chatty.sqlite")}`, "--plugin", plugin];
    const ended = await bench.run(["process", "/content/dam/espresso", "--json", ...flags]);
    expect(ended.code, ended.err).to.equal(0);
    for (const report of jsonLines(ended)) expect(report).to.have.property("processingId");
  });
});
