import { expect } from "chai";
import { endOf, outcomesOf } from "../embedding/host.js";
import { ContractHost, refusal, request, tree } from "./contract-host.js";

describe("running a job again", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  const failing = (paths: ReadonlySet<string>) => (asset: { path: string }) => {
    if (paths.has(asset.path)) throw new Error("not today");
    return undefined;
  };

  it("makes a new, linked job with the same request on restart, and leaves the old one as it is", async () => {
    const mill = await host.over(tree(3));
    const asked = request({ excludedPaths: ["a/1.txt"], filter: { fileTypes: ["OTHERS"] }, priority: 2 });
    const first = await mill.operator.start(asked, "ann");
    const before = await endOf(mill, first.processingId);
    const second = await mill.operator.restart(first.processingId, "bob");
    const report = await endOf(mill, second.processingId);
    expect(report).to.include({ status: "SUCCESS", restartedFrom: first.processingId, createdBy: "bob", attempt: 1 });
    for (const field of ["path", "paths", "excludedPaths", "filter", "type", "priority"] as const) {
      expect(report[field]).to.deep.equal(before[field]);
    }
    expect(await mill.operator.status(first.processingId)).to.deep.equal(before);
    expect(host.handled).to.deep.equal(["/a/0.txt", "/a/2.txt", "/a/0.txt", "/a/2.txt"]);
  });

  it("runs exactly the failed assets on retry-failed, even if the tree changed: deleted ones are GONE", async () => {
    const bad = new Set(["/a/1.txt", "/a/3.txt", "/a/7.txt"]);
    const mill = await host.over(tree(10), failing(bad), { chunkSize: 4 });
    const first = await mill.operator.start(request(), "ann");
    expect(await endOf(mill, first.processingId)).to.include({ status: "SUCCESS", failedCount: 3 });
    mill.assets.set("/a/new.txt", "new");
    mill.assets.set("/a/3.txt", undefined);
    mill.assets.set("/a/0.txt", undefined);
    bad.clear();
    host.handled.length = 0;
    const second = await mill.operator.retryFailed(first.processingId, "ann");
    const report = await endOf(mill, second.processingId);
    expect(report).to.include({ succeededCount: 2, skippedCount: 1, restartedFrom: first.processingId });
    expect(report.migrationSet.totalFiles).to.equal(3);
    expect([...host.handled].sort()).to.deep.equal(["/a/1.txt", "/a/7.txt"]);
    expect((await outcomesOf(mill, second.processingId))["3.txt"]).to.include({ outcome: "SKIPPED", code: "GONE" });
  });

  it("ignores stamps on retry-failed, takes a thousand assets over many pages, and can be retried again", async () => {
    const bad = new Set(Object.keys(tree(1_000)));
    const mill = await host.over(tree(1_001), failing(bad), { chunkSize: 64, logger: undefined as never });
    const asked = request({ filter: { filterProcessedAssets: true } });
    const first = await mill.operator.start(asked, "ann");
    expect(await endOf(mill, first.processingId)).to.include({ failedCount: 1_000 });
    for (const path of Object.keys(tree(990))) bad.delete(path);
    const second = await mill.operator.retryFailed(first.processingId, "ann");
    expect(await endOf(mill, second.processingId)).to.include({ succeededCount: 990, failedCount: 10 });
    host.handled.length = 0;
    const third = await mill.operator.retryFailed(second.processingId, "ann");
    expect(await endOf(mill, third.processingId)).to.include({ status: "FAILURE", failedCount: 10 });
    expect(new Set(host.handled).size).to.equal(10);
  });

  it("is refused while the job is running, if nothing failed, on a busy path, and for a type that is no longer available", async () => {
    const mill = await host.over(tree(2), undefined, { autoStart: false });
    const { processingId: id } = await mill.operator.start(request(), "ann");
    expect(await refusal(mill.operator.restart(id, "ann"))).to.equal("ILLEGAL_STATE");
    expect(await refusal(mill.operator.retryFailed(id, "ann"))).to.equal("ILLEGAL_STATE");
    await mill.operator.cancel(id, "ann");
    expect(await refusal(mill.operator.retryFailed(id, "ann"))).to.equal("ILLEGAL_STATE");
    await mill.operator.start(request({ path: "/" }), "ann");
    expect(await refusal(mill.operator.restart(id, "ann"))).to.equal("PATH_BUSY");
    const other = await host.over(tree(2), undefined, { handler: { types: ["OTHER"] } });
    expect(await refusal(other.operator.restart(id, "ann"))).to.equal("UNKNOWN_TYPE");
  });
});
