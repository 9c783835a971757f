import { expect } from "chai";
import { jsonLines, linesOf, TOPIC, Workbench } from "./workbench.js";

const ROOT = "/content/dam/t";

describe("assetmill process --max-failures", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  /** A tree with so many assets, of which the first few are not well-formed. */
  const tree = (count: number, broken: number): string => {
    const name = (i: number): string => `a${String(i).padStart(4, "0")}.dita`;
    return bench.tree(
      Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), i < broken ? "<a" : TOPIC])),
    );
  };
  const process = async (assets: string, limit: string, ...more: readonly string[]) => {
    const args = ["process", ROOT, "--assets", assets, "--store", bench.store, "--max-failures", limit, "--json"];
    const { code, out } = await bench.call([...args, ...more]);
    return { code, report: jsonLines({ out }).at(-1) };
  };

  const BOUNDARIES: readonly [total: number, broken: number, limit: string, status: string][] = [
    [5, 0, "0", "SUCCESS"],
    [5, 1, "0", "FAILURE"],
    [5, 2, "2", "SUCCESS"],
    [5, 3, "2", "FAILURE"],
    [120, 6, "5%", "SUCCESS"],
    [120, 7, "5%", "FAILURE"],
    [120, 1, "0.8%", "FAILURE"],
    [120, 1, "0.9%", "SUCCESS"],
    [120, 0, "0%", "SUCCESS"],
    [120, 1, "0%", "FAILURE"],
    // A percentage of few says little: it counts from the 100th asset on.
    [99, 98, "1%", "SUCCESS"],
    [100, 99, "100%", "SUCCESS"],
  ];

  for (const [total, broken, limit, status] of BOUNDARIES) {
    it(`ends the job as ${status} at ${limit} if ${broken} of ${total} assets are broken`, async () => {
      const { code, report } = await process(tree(total, broken), limit);
      expect(report).to.include({ status });
      expect(code).to.equal(broken === 0 ? 0 : 1);
      if (status === "SUCCESS") expect(report).to.include({ failedCount: broken, processedCount: total });
      else expect(report.comments).to.match(/more than/);
    });
  }

  it("gives up early, keeps what was done, and resumes with the rest: earlier failures do not count again", async () => {
    const assets = tree(40, 3);
    const oneByOne = ["--concurrency", "1", "--chunk-size", "1"];
    const { code, report } = await process(assets, "2", ...oneByOne);
    expect(code).to.equal(1);
    expect(report).to.include({ status: "FAILURE", failedCount: 3, resumable: true });
    expect(report.processedCount).to.be.within(3, 39);
    const { processingId } = report;
    expect((await bench.ask("resume", processingId))[0]).to.include({ status: "WAITING", attempt: 2 });
    const again = await process(assets, "2", ...oneByOne);
    expect(again.report).to.include({ processingId, status: "SUCCESS", failedCount: 3, succeededCount: 37 });
  });

  for (const wrong of ["-1", "1.5", "x", "", "101%", "-1%", "%", "5 %", "1e3", "99999999999999999999"]) {
    it(`rejects ${JSON.stringify(wrong)} as a limit`, async () => {
      const assets = bench.tree({ "a.dita": TOPIC });
      const refused = await bench.call([
        ...["process", ROOT, "--assets", assets, "--store", bench.store, `--max-failures=${wrong}`, "--json"],
      ]);
      expect(refused.code).to.equal(2);
      expect(linesOf(refused)).to.have.length(1);
      expect(jsonLines(refused)[0].code).to.equal("INVALID_PARAMETER");
      expect(jsonLines(refused)[0].detail).to.match(/max-?failures/i);
    });
  }
});
