import { expect } from "chai";
import type { AssetStatusPage } from "../../src/core/job/asset-status.js";
import type { Assetmill } from "../../src/index.js";
import { until } from "../cli/workbench.js";
import { endOf } from "../embedding/host.js";
import { ContractHost, refusal, request, tree } from "./contract-host.js";

describe("asset status", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  async function ask(mill: Assetmill, asked: object): Promise<AssetStatusPage> {
    const { jobId, status } = await mill.operator.askAssetStatus(asked, "ann");
    expect(status).to.equal("WAITING");
    return until("the list", async () => {
      const page = await mill.operator.assetStatus(jobId);
      return page.status === "SUCCESS" ? page : undefined;
    });
  }

  const byName = ({ assets }: AssetStatusPage) =>
    Object.fromEntries(assets.map(({ path, status }) => [path.slice(path.lastIndexOf("/") + 1), status]));

  it("is PENDING, PROCESSING, SUCCESS or FAILURE, by the latest job that reports on the asset", async () => {
    let gate: (() => void) | undefined;
    const mill = await host.over(
      tree(4),
      async (asset) => {
        if (asset.path === "/a/1.txt") throw new Error("no");
        if (asset.path === "/a/2.txt" && !gate) await new Promise<void>((over) => (gate = over));
        return { properties: { fmUuid: `GUID-${asset.path}` } };
      },
      { engine: { commitEveryMs: 30 }, concurrency: 1 },
    );
    expect(byName(await ask(mill, { paths: ["/a"] }))["0.txt"]).to.equal("PENDING");
    const { processingId } = await mill.operator.start(request(), "ann");
    await until(
      "outcomes of the first two",
      async () => (await mill.operator.status(processingId)).processedCount === 2,
    );
    expect(byName(await ask(mill, { path: "/a" }))).to.deep.equal({
      "0.txt": "SUCCESS",
      "1.txt": "FAILURE",
      "2.txt": "PROCESSING",
      "3.txt": "PROCESSING",
    });
    gate?.();
    await endOf(mill, processingId);
    const page = await ask(mill, { paths: ["/a"], excludedPaths: "/a/3.txt" });
    expect(page.assets).to.deep.equal([
      { path: "/a/0.txt", uuid: "GUID-/a/0.txt", status: "SUCCESS", exists: true },
      { path: "/a/1.txt", uuid: null, status: "FAILURE", exists: true },
      { path: "/a/2.txt", uuid: "GUID-/a/2.txt", status: "SUCCESS", exists: true },
    ]);
    expect(page.counts).to.deep.equal({ SUCCESS: 2, FAILURE: 1, PROCESSING: 0, PENDING: 0 });
    // A later job says otherwise.
    const retried = await mill.operator.retryFailed(processingId, "ann");
    await endOf(mill, retried.processingId);
    expect(byName(await ask(mill, { path: "/a/1.txt" }))).to.deep.equal({ "1.txt": "FAILURE" });
  });

  it("is found in a job with more roots and excluded paths than lists of jobs show", async () => {
    const paths = Object.keys(tree(150)).sort();
    const mill = await host.over(tree(150), (_asset, context) => {
      throw context.fail("TOLD_TO", "told to");
    });
    const last = paths.at(-1) ?? "";
    const excludedPaths = paths.slice(0, 140).map((path) => `${path}/none`);
    const { processingId } = await mill.operator.start({ ...request({ paths, excludedPaths }), path: null }, "ann");
    await endOf(mill, processingId);
    expect(byName(await ask(mill, { path: last }))).to.deep.equal({ [last.slice(3)]: "FAILURE" });
  });

  it("lists missing and since deleted paths as not existing", async () => {
    const mill = await host.over(tree(2));
    const { jobId } = await mill.operator.askAssetStatus({ paths: ["/a/0.txt", "/a/no.txt", "/a/1.txt"] }, "ann");
    await until("the list", async () => (await mill.operator.assetStatus(jobId)).status === "SUCCESS");
    mill.assets.set("/a/1.txt", undefined);
    const { assets } = await mill.operator.assetStatus(jobId);
    expect(assets.map(({ path, exists }) => [path, exists])).to.deep.equal([
      ["/a/0.txt", true],
      ["/a/1.txt", false],
      ["/a/no.txt", false],
    ]);
  });

  it("keeps to its limit and to path order, however many paths are missing, and leaves out excluded ones", async () => {
    const mill = await host.over({ ...tree(3), ...tree(2, "/z") });
    const missing = Array.from({ length: 30 }, (_, i) => `/m${String(i).padStart(2, "0")}`);
    const asked = { paths: ["/z", ...missing, "/a", "/no/way"], excludedPaths: ["/no"] };
    const { jobId } = await mill.operator.askAssetStatus(asked, "ann");
    await until("the list", async () => (await mill.operator.assetStatus(jobId)).status === "SUCCESS");
    const paths: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const page = await mill.operator.assetStatus(jobId, { limit: 4, ...(after ? { after } : {}) });
      expect(page.assets.length).to.be.at.most(4);
      for (const { path, exists } of page.assets) expect(exists, path).to.equal(!path.startsWith("/m"));
      paths.push(...page.assets.map(({ path }) => path));
      after = page.next;
      more = after !== undefined;
    }
    expect(paths).to.deep.equal([...Object.keys(tree(3)), ...missing, ...Object.keys(tree(2, "/z"))]);
  });

  it("comes in pages, holds no scope, and is not in the history", async () => {
    const mill = await host.over(tree(25), undefined, { chunkSize: 4 });
    const { jobId } = await mill.operator.askAssetStatus({ path: "/a" }, "ann");
    await until("the list", async () => (await mill.operator.assetStatus(jobId)).status === "SUCCESS");
    const paths: string[] = [];
    let after: string | undefined;
    do {
      const page = await mill.operator.assetStatus(jobId, { limit: 7, ...(after ? { after } : {}) });
      expect(page.assets.length).to.be.at.most(7);
      paths.push(...page.assets.map(({ path }) => path));
      after = page.next;
    } while (after);
    expect(paths).to.deep.equal(Object.keys(tree(25)).sort());
    expect(await mill.operator.history()).to.deep.equal({ jobs: [] });
    expect(host.handled).to.deep.equal([]);
    await mill.operator.start(request(), "ann");
  });

  it("refuses unknown fields, a missing path, an unknown job, and an invalid cursor", async () => {
    const mill = await host.over(tree(1), undefined, { autoStart: false });
    expect(await refusal(mill.operator.askAssetStatus({}, "ann"))).to.equal("INVALID_PARAMETER");
    expect(await refusal(mill.operator.askAssetStatus({ path: "/a", type: "x" } as never, "ann"))).to.equal(
      "UNKNOWN_FIELD",
    );
    const { processingId } = await mill.operator.start(request(), "ann");
    expect(await refusal(mill.operator.assetStatus(processingId))).to.equal("JOB_NOT_FOUND");
    const { jobId } = await mill.operator.askAssetStatus({ path: "/a" }, "ann");
    expect(await refusal(mill.operator.assetStatus(jobId, { after: "x" }))).to.equal("INVALID_PARAMETER");
    expect(await refusal(mill.operator.assetStatus(jobId, { limit: 0 }))).to.equal("INVALID_PARAMETER");
    expect(await refusal(mill.operator.restart(jobId, "ann"))).to.equal("ILLEGAL_STATE");
  });
});
