import { expect } from "chai";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { jsonLines, linesOf, SAMPLE, TOPIC, until, Workbench } from "./workbench.js";

const ROOT = "/content/dam/t";
const ESPRESSO = "/content/dam/espresso";

describe("assetmill process --dry-run", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const process = (path: string, assets: string, ...more: readonly string[]) =>
    bench.call(["process", path, "--assets", assets, "--store", bench.store, ...more]);
  const dryRun = async (path: string, assets: string, ...more: readonly string[]): Promise<any> => {
    const { code, out, err } = await process(path, assets, "--dry-run", "--json", ...more);
    expect(code, out + err).to.equal(0);
    return jsonLines({ out }).at(-1);
  };

  /** Every file below the tree with its bytes and times. */
  const snapshot = (name: string): readonly unknown[] =>
    readdirSync(bench.path(name), { recursive: true, encoding: "utf8" })
      .sort()
      .map((file) => bench.path(name, file))
      .map((file) => [file, statSync(file).mtimeMs, statSync(file).isFile() ? readFileSync(file, "utf8") : "folder"]);

  it("prints a table of what would be processed, from the first to the last asset, and that the time is unknown", async () => {
    const { code, out, err } = await bench.run([
      ...["process", ESPRESSO, "--assets", SAMPLE, "--store", bench.store],
      "--dry-run",
    ]);
    expect(code, err).to.equal(0);
    const rows = linesOf({ out }).map((line) => line.split("│").map((cell) => cell.trim()));
    expect(rows.filter((cells) => cells.length > 1).map((cells) => cells.slice(1, -1))).to.deep.equal([
      ["File type", "Assets"],
      ["DITATOPIC", "12"],
      ["DITAMAP", "5"],
      ["MARKDOWN", "1"],
      ["HTML/CSS", "1"],
      ["DITAVAL", "1"],
      ["OTHERS", "3"],
      ["All", "23"],
    ]);
    expect(out).to.match(/^Would skip: none$/m);
    expect(out).to.match(/^First: \/content\/dam\/espresso\/maps\/care\.ditamap$/m);
    expect(out).to.match(/^Last: \/content\/dam\/espresso\/vesta\.ditamap$/m);
    expect(out).to.match(/^Expected time: unknown$/m);
    expect(out).to.match(/^SUCCESS: found 23 assets$/m);
    expect(err).to.match(/dry run/);
  });

  it("reports the same as the real run's discovery, skip rules and filters included", async () => {
    const assets = bench.tree({
      "a.dita": TOPIC,
      "b.md": "# b",
      "c/subassets/x.png": "png",
      "d/translation_output/de.dita": TOPIC,
      "d/translation_output/fr.dita": TOPIC,
      "e/f.ditamap": "<map/>",
      "left-out/g.dita": TOPIC,
    });
    for (const bounds of [[], ["--file-type", "DITATOPIC"], ["--exclude", `${ROOT}/left-out`], ["--exclude", ROOT]]) {
      const dry = await dryRun(ROOT, assets, ...bounds);
      const real = jsonLines(await process(ROOT, assets, "--json", ...bounds)).at(-1);
      expect(dry.migrationSet, String(bounds)).to.deep.equal(real.migrationSet);
      const outcomes = await bench.ask("outcomes", real.processingId);
      expect(dry.report.first).to.equal(outcomes[0]?.path ?? null);
      expect(dry.report.last).to.equal(outcomes.at(-1)?.path ?? null);
      const found = Object.values(dry.report.byType as Record<string, number>).reduce((sum, count) => sum + count, 0);
      expect(found).to.equal(outcomes.length);
      const skipped: Record<string, number> = {};
      for (const { code } of outcomes) {
        if (["SUB_ASSET", "TRANSLATION_OUTPUT"].includes(code)) skipped[code] = (skipped[code] ?? 0) + 1;
      }
      expect(dry.report.skipped, String(bounds)).to.deep.equal(skipped);
      expect(dry.report.expectedSeconds).to.equal(null);
    }
    const { out } = await process(ROOT, assets, "--dry-run");
    expect(out).to.match(
      /^Would skip: 2 TRANSLATION_OUTPUT, 1 SUB_ASSET$|^Would skip: 1 SUB_ASSET, 2 TRANSLATION_OUTPUT$/m,
    );
  });

  it("prints a status object with --json that says so, has no outcomes, and is a job in the history", async () => {
    const report = await dryRun(ESPRESSO, SAMPLE);
    expect(report).to.deep.include({
      status: "SUCCESS",
      dryRun: true,
      processedCount: 0,
      triggeredCount: 0,
      migrationSet: { totalFiles: 23, calculationStatus: "SUCCESS" },
    });
    expect(Object.keys(report.report)).to.have.members(["byType", "skipped", "first", "last", "expectedSeconds"]);
    expect(await bench.ask("outcomes", report.processingId)).to.deep.equal([]);
    expect(await bench.ask("history")).to.deep.equal([report]);
    const plain = await bench.call(["history", "--store", bench.store]);
    expect(linesOf(plain)).to.deep.equal([`${report.processingId} SUCCESS    0/23 ${ESPRESSO} (dry run)`]);
    const status = await bench.call(["status", report.processingId, "--store", bench.store]);
    expect(status.out).to.match(new RegExp(`^Job: +${report.processingId} \\(dry run\\)$`, "m"));
  });

  it("runs no handler and writes neither files nor results nor stamps", async () => {
    const assets = bench.tree({ "a.dita": TOPIC, "f/b.dita": TOPIC });
    const plugin = bench.journalPlugin({ delayMs: 0 });
    const before = snapshot("tree");
    await dryRun(ROOT, assets, "--plugin", plugin);
    expect(bench.journalled()).to.deep.equal([]);
    expect(snapshot("tree")).to.deep.equal(before);
    for (const path of ["a.dita", "f/b.dita"]) {
      const shown = await bench.call(["show", `${ROOT}/${path}`, "--assets", assets, "--store", bench.store]);
      expect([shown.code, shown.out]).to.deep.equal([1, ""]);
    }
    const real = jsonLines(await process(ROOT, assets, "--only-changed", "--plugin", plugin, "--json")).at(-1);
    expect(real, "nothing counts as processed").to.include({ succeededCount: 2, skippedCount: 0 });
    const shown = await bench.ask("show", `${ROOT}/a.dita`, "--assets", assets);
    await dryRun(ROOT, assets, "--plugin", plugin);
    expect(await bench.ask("show", `${ROOT}/a.dita`, "--assets", assets), "a result of before").to.deep.equal(shown);
  });

  it("neither joins a real job of the same request nor is refused because of it, and that job resumes afterwards", async () => {
    const assets = bench.topics(6);
    const plugin = bench.journalPlugin({ delayMs: 300 });
    const slow = [
      "process",
      ROOT,
      "--assets",
      assets,
      "--plugin",
      plugin,
      "--store",
      bench.store,
      "--concurrency",
      "1",
    ];
    const first = bench.start(slow);
    await first.says(/^Job /m);
    const [real] = await until("the job", () => bench.ask("history"));
    const { processingId, totalFiles } = { ...(await dryRun(ROOT, assets, "--plugin", plugin)), totalFiles: 6 };
    expect(processingId).not.to.equal(real.processingId);
    expect((await bench.ask("status", processingId))[0].migrationSet.totalFiles).to.equal(totalFiles);
    first.signal("SIGINT");
    expect((await first.ended).code).to.equal(130);
    const again = await dryRun(ROOT, assets, "--plugin", plugin);
    expect([real.processingId, processingId]).not.to.include(again.processingId);
    const end = await process(ROOT, assets, "--plugin", plugin, "--json");
    expect(jsonLines(end).at(-1)).to.include({ processingId: real.processingId, status: "SUCCESS", dryRun: false });
  });

  it("is not joined by a real job or another dry run, and holds no scope", async () => {
    const assets = bench.tree({ "a.dita": TOPIC });
    const { processingId: ended } = await dryRun(ROOT, assets);
    // A dry run that waits: nobody runs it here.
    const [waiting] = await bench.ask("restart", ended);
    expect(waiting).to.deep.include({ status: "WAITING", dryRun: true, restartedFrom: ended });
    const another = await dryRun(ROOT, assets);
    expect([ended, waiting.processingId]).not.to.include(another.processingId);
    const real = jsonLines(await process(ROOT, assets, "--json")).at(-1);
    expect(real).to.deep.include({ status: "SUCCESS", dryRun: false, succeededCount: 1 });
    expect((await bench.ask("status", waiting.processingId))[0].status).to.equal("WAITING");
  });

  it("is cancelled if it is interrupted, since nobody would resume it", async () => {
    const assets = bench.topics(20_000);
    const running = bench.start(["process", ROOT, "--assets", assets, "--store", bench.store, "--dry-run", "--json"]);
    await running.says(/^Job /m);
    running.signal("SIGINT");
    const { code, out, err } = await running.ended;
    expect(code, err).to.equal(130);
    expect(jsonLines({ out }).at(-1)).to.include({ dryRun: true, status: "CANCELLED" });
    expect(err).to.match(/has ended: CANCELLED/);
  });
});
