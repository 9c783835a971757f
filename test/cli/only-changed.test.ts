import { expect } from "chai";
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { jsonLines, TOPIC, Workbench } from "./workbench.js";

const ROOT = "/content/dam/t";

describe("assetmill process --only-changed", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const process = async (assets: string, ...more: readonly string[]): Promise<any> => {
    const { out, err } = await bench.call([
      "process",
      ROOT,
      "--assets",
      assets,
      "--store",
      bench.store,
      "--json",
      ...more,
    ]);
    const report = jsonLines({ out }).at(-1);
    expect(report?.status, out + err).to.equal("SUCCESS");
    return report;
  };
  /** How each asset ended, by path below the root. */
  const endsOf = async (report: any): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      (await bench.ask("outcomes", report.processingId)).map(({ path, outcome, code }) => [
        path.slice(ROOT.length + 1),
        code ?? outcome,
      ]),
    );

  it("leaves out what is processed and unchanged, and processes what changed, is new, failed, or was never processed", async () => {
    const assets = bench.tree({ "a.dita": TOPIC, "b.dita": TOPIC, "broken.dita": "<topic", "n.bin": "no handler" });
    const first = await process(assets, "--only-changed");
    expect(first.filter).to.deep.equal({ fileTypes: [], filterProcessedAssets: true });
    const all = { "a.dita": "SUCCEEDED", "b.dita": "SUCCEEDED" };
    const rest = { "broken.dita": "XML_NOT_WELL_FORMED", "n.bin": "NO_HANDLER" };
    expect(await endsOf(first)).to.deep.equal({ ...all, ...rest });

    const second = await process(assets, "--only-changed");
    expect(await endsOf(second)).to.deep.equal({ "a.dita": "UNCHANGED", "b.dita": "UNCHANGED", ...rest });
    expect(second).to.include({ succeededCount: 0, failedCount: 1, skippedCount: 3 });

    bench.write("tree/b.dita", '<topic id="t"><title>Another</title></topic>');
    bench.write("tree/c.dita", TOPIC);
    bench.write("tree/broken.dita", TOPIC);
    const third = await process(assets, "--only-changed");
    expect(await endsOf(third)).to.deep.equal({
      "a.dita": "UNCHANGED",
      "b.dita": "SUCCEEDED",
      "broken.dita": "SUCCEEDED",
      "c.dita": "SUCCEEDED",
      "n.bin": "NO_HANDLER",
    });
    const [shown] = await bench.ask("show", `${ROOT}/b.dita`, "--assets", assets);
    expect(shown.properties.fmditaTitle).to.equal("Another");
  });

  it("without it everything is processed again", async () => {
    const assets = bench.tree({ "a.dita": TOPIC, "b.dita": TOPIC });
    await process(assets);
    expect(await process(assets)).to.include({ succeededCount: 2, skippedCount: 0 });
    expect(await process(assets, "--only-changed")).to.include({ succeededCount: 0, skippedCount: 2 });
  });

  it("compares the content if only the time changed, and does not miss a change that kept size and name", async () => {
    const assets = bench.tree({ "same.dita": TOPIC, "other.dita": TOPIC });
    await process(assets);
    const later = new Date(Date.now() + 5_000);
    utimesSync(bench.path("tree/same.dita"), later, later);
    const { size } = statSync(bench.path("tree/other.dita"));
    writeFileSync(bench.path("tree/other.dita"), TOPIC.replace(">T<", ">U<"));
    utimesSync(bench.path("tree/other.dita"), later, later);
    expect(statSync(bench.path("tree/other.dita")).size).to.equal(size);
    expect(await endsOf(await process(assets, "--only-changed"))).to.deep.equal({
      "same.dita": "UNCHANGED",
      "other.dita": "SUCCEEDED",
    });
  });

  it("treats an asset as changed if a handler is new or has another version", async () => {
    const assets = bench.tree({ "a.dita": TOPIC });
    const handler = (version: string) =>
      bench.write(
        `handler-${version}.mjs`,
        `export default { name: "mine", version: "${version}", process: () => ({ properties: { v: "${version}" } }) };`,
      );
    await process(assets);
    for (const version of ["1", "2"]) {
      const plugin = ["--plugin", handler(version)];
      expect(await process(assets, "--only-changed", ...plugin), version).to.include({ succeededCount: 1 });
      expect(await process(assets, "--only-changed", ...plugin), version).to.include({ skippedCount: 1 });
    }
    const [shown] = await bench.ask("show", `${ROOT}/a.dita`, "--assets", assets);
    expect(shown.properties.v).to.equal("2");
  });
});
