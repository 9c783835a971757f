import { expect } from "chai";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { ContractHost, handlerOf, refusal, request, tree } from "./contract-host.js";

describe("an idempotency key", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  it("gives one job for one request, even if 50 callers start it at once on two mills", async () => {
    const mills = [
      await host.over(tree(3), undefined, { autoStart: false }),
      await host.over(tree(3), undefined, { autoStart: false }),
    ];
    const asked = Array.from({ length: 50 }, (_, i) =>
      (mills[i % 2] as (typeof mills)[0]).operator.start(request(), "ann", { idempotencyKey: "night-1" }),
    );
    const ids = new Set((await Promise.all(asked)).map(({ processingId }) => processingId));
    expect(ids.size).to.equal(1);
    expect((await mills[0]?.operator.history())?.jobs).to.have.length(1);
  });

  it("is checked before the overlap and the path, and after the request is normalised", async () => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    const first = await mill.operator.start(request(), "ann", { idempotencyKey: "k" });
    const again = await mill.operator.start(request({ path: "a//" }), "ann", { idempotencyKey: "k" });
    expect(again).to.deep.equal(first);
    const empty = await host.over({ "/other/x.txt": "" }, undefined, { autoStart: false });
    expect(await empty.operator.start(request(), "ann", { idempotencyKey: "k" })).to.deep.equal(first);
  });

  for (const [what, over] of Object.entries({
    "another path": { path: "/a/1.txt" },
    "another priority": { priority: 0 },
    "a dry run": { dryRun: true },
    "another filter": { filter: { fileTypes: ["DITATOPIC"] } },
    "another overlap": { onOverlap: "queue" as const },
  })) {
    it(`is refused with ${what}`, async () => {
      const mill = await host.over(tree(3), undefined, { autoStart: false });
      await mill.operator.start(request(), "ann", { idempotencyKey: "k" });
      expect(await refusal(mill.operator.start(request(over), "ann", { idempotencyKey: "k" }))).to.equal(
        "IDEMPOTENCY_CONFLICT",
      );
    });
  }

  it("belongs to its principal, and lives as long as the job, ended or not", async () => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    const { processingId } = await mill.operator.start(request(), "ann", { idempotencyKey: "k" });
    expect(await refusal(mill.operator.start(request(), "bob", { idempotencyKey: "k" }))).to.equal("PATH_BUSY");
    await mill.operator.cancel(processingId, "ann");
    const again = await mill.operator.start(request(), "ann", { idempotencyKey: "k" });
    expect(again.processingId).to.equal(processingId);
    const bob = await mill.operator.start(request(), "bob", { idempotencyKey: "k" });
    expect(bob.processingId).not.to.equal(processingId);
  });

  it("conflicts in another repository on the same store, and for another body even if its path was deleted", async () => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    await mill.operator.start(request(), "ann", { idempotencyKey: "k" });
    const elsewhere = await host.mill({
      assets: new MemoryAssetRepository(tree(3), "memory:elsewhere"),
      plugins: [handlerOf(() => undefined)],
      autoStart: false,
    });
    const keyed = { idempotencyKey: "k" };
    expect(await refusal(elsewhere.operator.start(request(), "ann", keyed))).to.equal("IDEMPOTENCY_CONFLICT");
    expect(await refusal(mill.operator.start(request({ path: "/gone" }), "ann", keyed))).to.equal(
      "IDEMPOTENCY_CONFLICT",
    );
  });

  it("is not used up by a refused start", async () => {
    const mill = await host.over(tree(3), undefined, { autoStart: false });
    const { processingId } = await mill.operator.start(request(), "ann");
    expect(await refusal(mill.operator.start(request(), "ann", { idempotencyKey: "k" }))).to.equal("PATH_BUSY");
    await mill.operator.cancel(processingId, "ann");
    const later = await mill.operator.start(request({ path: "/" }), "ann", { idempotencyKey: "k" });
    expect(later.processingId).not.to.equal(processingId);
  });

  for (const key of ["", "é", "a\nb", "x".repeat(256)]) {
    it(`is refused as ${JSON.stringify(key.slice(0, 5))}`, async () => {
      const mill = await host.over(tree(1), undefined, { autoStart: false });
      expect(await refusal(mill.operator.start(request(), "ann", { idempotencyKey: key }))).to.equal(
        "INVALID_PARAMETER",
      );
    });
  }
});
