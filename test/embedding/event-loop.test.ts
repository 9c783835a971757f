import { expect } from "chai";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Asset } from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { endOf, Host } from "./host.js";
import { itMeasures } from "../support/timed.js";

const COUNT = 20_000;

const assetAt = (i: number): Asset => ({
  path: `/in/a${String(i).padStart(6, "0")}.txt`,
  fileType: "OTHERS",
  sizeBytes: 1,
  createdMs: 1,
  modifiedMs: 1,
});

/** So many assets that exist nowhere, made page by page: what is measured is assetmill. */
class ManyAssets extends MemoryAssetRepository {
  constructor() {
    super({ "/in/a.txt": "a" }, `many:${COUNT}`);
  }

  // Its assets exist nowhere else, so their results have no place there either.
  override async apply() {
    return [];
  }

  override async *scan(_scope: unknown, { after, pageSize }: { after?: string; pageSize: number }) {
    const begin = after === undefined ? 0 : Number(/a(\d+)\.txt$/.exec(after)?.[1]) + 1;
    for (let i = begin; i < COUNT; i += pageSize) {
      const assets = Array.from({ length: Math.min(pageSize, COUNT - i) }, (_, k) => assetAt(i + k));
      yield { assets, upTo: assets.at(-1)?.path ?? "" };
    }
  }
}

describe("the host's event loop", () => {
  const host = new Host();
  after(() => host.dispose());

  const processFlatOut = async (): Promise<number> => {
    const plugin = { name: "no-op", version: "1", process: () => undefined };
    const mill = await host.mill({ assets: new ManyAssets(), plugins: [plugin], builtIns: false });
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const { processingId } = await mill.operator.start({ path: "/in", type: "ASSET_PROCESSING" }, "host");
    const report = await endOf(mill, processingId, 40_000);
    delay.disable();
    const p99 = delay.percentile(99) / 1e6;
    process.stderr.write(
      `      p99 ${p99.toFixed(1)} ms, most ${(delay.max / 1e6).toFixed(1)} ms, ${report.throughput}/s\n`,
    );
    expect(report).to.include({ status: "SUCCESS", succeededCount: COUNT });
    return p99;
  };
  itMeasures(
    `runs while a job of ${COUNT} assets that cost nothing is processed to its end`,
    processFlatOut,
    `stays free while ${COUNT} assets that cost nothing are processed at full speed`,
    // The figure is 20 ms; loose, for a noisy machine.
    (p99Ms) => expect(p99Ms).to.be.lessThan(100),
  );
});
