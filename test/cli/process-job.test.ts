import { expect } from "chai";
import { readFileSync } from "node:fs";
import { BROKEN, jsonLines, SAMPLE, TOPIC, Workbench } from "./workbench.js";

const ROOT = "/content/dam/broken";

describe("process --job", () => {
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const at = (...args: readonly string[]) => bench.call([...args, "--store", bench.store]);
  const processed = async (): Promise<string> => {
    const ended = jsonLines(await at("process", ROOT, "--assets", BROKEN, "--json")).at(-1);
    expect(ended.failedCount).to.be.above(0);
    return ended.processingId as string;
  };

  it("runs the job that retry-failed made, as the command says, to its end with the exit code of process", async () => {
    const id = await processed();
    const retry = await at("retry-failed", id, "--json");
    const [waiting] = jsonLines(retry);
    const command = `assetmill process --job ${waiting.processingId} --store ${bench.store} --assets`;
    expect(retry.err).to.include(command);
    expect((await at("status", waiting.processingId)).out, "nobody knows when it ends").to.match(/^Left: +-$/m);
    const ran = await at("process", "--job", waiting.processingId, "--assets", BROKEN, "--json");
    expect(ran.code, "the same assets fail again").to.equal(1);
    expect(ran.err).to.include(`Job ${waiting.processingId}`);
    const report = jsonLines(ran).at(-1);
    expect(report).to.include({ processingId: waiting.processingId, status: "FAILURE", restartedFrom: id });
    expect(report.failedCount).to.equal(report.processedCount).and.to.be.above(0);
    const other = await at("restart", id, "--json");
    const restarted = jsonLines(other)[0].processingId as string;
    expect(other.err).to.include(`assetmill process --job ${restarted} `);
    expect((await at("process", "--job", restarted, "--assets", BROKEN)).out).to.match(/SUCCESS: completed with/);
  });

  it("runs a paused job once it is resumed; before, it says what to do, and runs nothing", async () => {
    const id = await processed();
    const [{ processingId }] = jsonLines(await at("restart", id, "--json"));
    expect((await at("pause", processingId)).code).to.equal(0);
    const paused = await at("process", "--job", processingId, "--assets", BROKEN);
    expect([paused.code, paused.out]).to.deep.equal([2, ""]);
    expect(paused.err).to.include(`assetmill resume ${processingId} --store ${bench.store}`);
    const resumed = await at("resume", processingId);
    expect(resumed.err).to.include(`assetmill process --job ${processingId} `);
    const ran = await at("process", "--job", processingId, "--assets", BROKEN, "--json");
    expect(jsonLines(ran).at(-1)).to.include({ processingId, status: "SUCCESS" });
  });

  it("says what to do with a job that has ended: resume it, or restart it if nothing is left", async () => {
    const id = await processed();
    const done = await at("process", "--job", id, "--assets", BROKEN);
    expect([done.code, done.out]).to.deep.equal([2, ""]);
    expect(done.err)
      .to.match(/has ended: SUCCESS/)
      .and.include(`assetmill restart ${id} --store ${bench.store}`);
    const [{ processingId }] = jsonLines(await at("restart", id, "--json"));
    await at("cancel", processingId);
    const cancelled = await at("process", "--job", processingId, "--assets", BROKEN, "--json");
    expect(jsonLines(cancelled)[0]).to.include({ code: "ILLEGAL_STATE", jobStatus: "CANCELLED" });
    expect(jsonLines(cancelled)[0].detail).to.include(`assetmill resume ${processingId}`);
  });

  it("is refused without a job, with a path or a filter, on other assets, and without the job's handlers", async () => {
    const id = await processed();
    const plugin = bench.write(
      "own.mjs",
      'export default { name: "own", version: "1", process: () => ({ properties: { own: true } }) };',
    );
    const own = await at("process", ROOT, "--assets", BROKEN, "--plugin", plugin, "--no-built-ins", "--json");
    const [{ processingId }] = jsonLines(await at("restart", jsonLines(own).at(-1).processingId, "--json"));
    const refusals: [readonly string[], RegExp][] = [
      [["process", "--assets", BROKEN], /path: is required, unless --job/],
      [["process", ROOT, "--job", id, "--assets", BROKEN], /job: cannot be combined with a path/],
      [["process", "--job", id, "--assets", BROKEN, "--exclude", "/x"], /exclude: cannot be combined with --job/],
      [["process", "--job", id, "--assets", BROKEN, "--dry-run"], /dry-run: cannot be combined with --job/],
      [["process", "--job", "nope", "--assets", BROKEN], /no job nope/],
      [["process", "--job", processingId, "--assets", BROKEN], /needs handlers that are not loaded: own/],
      [["process", "--job", processingId, "--assets", SAMPLE, "--plugin", plugin], /is about folder:.*broken/],
    ];
    for (const [args, says] of refusals) {
      const refused = await at(...args);
      expect([refused.code, refused.out], args.join(" ")).to.deep.equal([2, ""]);
      expect(refused.err).to.match(says);
    }
    const missing = await bench.call([
      "process",
      "--job",
      id,
      "--assets",
      BROKEN,
      "--store",
      `sqlite:${bench.path("typo")}`,
    ]);
    expect(missing.err).to.match(/no store at/);
    expect(bench.has("typo")).to.equal(false);
  });
});

describe("--no-built-ins", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  it("runs only the handlers of --plugin, in process and in serve, also from --config", async () => {
    const assets = bench.tree({ "a.dita": TOPIC });
    const seen = bench.path("seen");
    const plugin = bench.write(
      "own.mjs",
      `import { writeFileSync } from "node:fs";
       export default { name: "own", version: "1", process: () => { writeFileSync(${JSON.stringify(seen)}, "x"); } };`,
    );
    const on = ["--assets", assets, "--store", bench.store];
    const ran = await bench.call(["process", "/content/dam/t", ...on, "--plugin", plugin, "--no-built-ins"]);
    expect(ran.code, ran.err).to.equal(0);
    expect(readFileSync(seen, "utf8")).to.equal("x");
    const shown = await bench.call(["show", "/content/dam/t/a.dita", ...on, "--json"]);
    expect(Object.keys(jsonLines(shown)[0].stamp.handlers)).to.deep.equal(["own"]);

    const none = await bench.call(["process", "/content/dam/t", ...on, "--no-built-ins"]);
    expect(none.code).to.equal(2);
    expect(none.err).to.match(/plugins: no handler is loaded/);
    const config = ["--config", bench.write("config.json", '{ "no-built-ins": true }')];
    for (const flags of [["--no-built-ins"], config]) {
      const serving = await bench.call(["serve", "--port", "0", ...on, ...flags]);
      expect([serving.code, serving.err]).to.deep.equal([2, none.err]);
    }
    const wrong = ["--config", bench.write("wrong.json", '{ "no-built-ins": "yes" }')];
    const refused = await bench.call(["serve", "--port", "0", ...on, ...wrong]);
    expect(refused.err).to.match(/"no-built-ins" must be a boolean/);
  });
});
