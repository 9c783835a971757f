import { expect } from "chai";
import { systemClock } from "../../../src/adapters/runtime/system-clock.js";
import type { Scope } from "../../../src/core/asset/scope.js";
import { invalidParameter } from "../../../src/core/errors.js";
import { Operator } from "../../../src/core/operator/operator.js";
import { MemoryAssetRepository, MemoryStores } from "../../../src/testing/index.js";

/** A repository that must make a place for results before a job. */
class Preparing extends MemoryAssetRepository {
  readonly prepared: Scope[] = [];
  refuses = false;

  async prepare(scope: Scope): Promise<void> {
    if (this.refuses) throw invalidParameter("assets", "cannot store results below /place");
    this.prepared.push(scope);
  }
}

describe("a repository that prepares for results", () => {
  const request = { path: "/a", excludedPaths: ["/a/x"], type: "ASSET_PROCESSING" };
  let repository: Preparing;
  let operator: Operator;
  beforeEach(() => {
    repository = new Preparing({ "/a/1": "x" });
    const { jobs, log, reports } = new MemoryStores();
    const ids = { uuid: () => crypto.randomUUID() };
    const handlers = [{ name: "h", version: "1", process: async () => {} }];
    operator = new Operator({ jobs, log, reports, repository, handlers, ids, clock: systemClock, onWork: () => {} });
  });
  const history = async () => (await operator.history()).jobs.map(({ processingId }) => processingId);

  it("is asked to before a job is made that writes results, with the job's scope", async () => {
    const { processingId } = await operator.start(request, "ann");
    expect(repository.prepared.map(({ roots, excluded }) => [roots, excluded])).to.deep.equal([[["/a"], ["/a/x"]]]);
    await operator.cancel(processingId, "ann");
    await operator.restart(processingId, "ann");
    expect(repository.prepared).to.have.length(2);
  });

  it("is not asked to for a dry run or a question about statuses, which write none", async () => {
    await operator.start({ ...request, dryRun: true }, "ann");
    await operator.askAssetStatus({ path: "/a" }, "ann");
    expect(repository.prepared).to.deep.equal([]);
  });

  it("refuses the start in its own words if it cannot, and no job is made", async () => {
    repository.refuses = true;
    for (const start of [() => operator.start(request, "ann"), () => operator.startOrJoin(request, "ann")]) {
      const error = await start().catch((refusal: unknown) => refusal);
      expect(error).to.include({ code: "INVALID_PARAMETER", message: "assets: cannot store results below /place" });
    }
    expect(await history()).to.deep.equal([]);
  });
});
