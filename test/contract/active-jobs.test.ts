import { expect } from "chai";
import type { AssetmillError } from "../../src/core/errors.js";
import { rejection } from "../support/deferred.js";
import { endOf } from "../embedding/host.js";
import { ContractHost, request, refusal, tree } from "./contract-host.js";

describe("the limit of active jobs", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  const two = () =>
    host.over({ ...tree(1), ...tree(1, "/b"), ...tree(1, "/c") }, undefined, {
      autoStart: false,
      maxActiveJobs: 2,
    });

  it("refuses starts, restarts and resumes beyond it in words, until a job ends", async () => {
    const mill = await two();
    const first = await mill.operator.start(request(), "ann");
    await mill.operator.cancel(first.processingId, "ann");
    await mill.operator.start(request({ path: "/b" }), "ann");
    const last = await mill.operator.start(request({ path: "/c", dryRun: true }), "ann");
    const error = (await rejection(mill.operator.start(request(), "ann"))) as AssetmillError;
    expect(error.code).to.equal("TOO_MANY_JOBS");
    expect(error.message).to.equal("2 jobs are active, the most that may be; wait until one ends, or cancel it");
    expect(await refusal(mill.operator.restart(first.processingId, "ann"))).to.equal("TOO_MANY_JOBS");
    expect(await refusal(mill.operator.resume(first.processingId, "ann"))).to.equal("TOO_MANY_JOBS");
    expect(await refusal(mill.operator.askAssetStatus({ path: "/a" }, "ann"))).to.equal("TOO_MANY_JOBS");
    await mill.operator.cancel(last.processingId, "ann");
    expect((await mill.operator.resume(first.processingId, "ann")).status).to.equal("WAITING");
    mill.start();
    expect((await endOf(mill, first.processingId)).status).to.equal("SUCCESS");
  });

  it("does not keep a paused job from resuming, nor a repeated start from finding its job", async () => {
    const mill = await two();
    const keyed = { idempotencyKey: "k" };
    const first = await mill.operator.start(request(), "ann", keyed);
    await mill.operator.start(request({ path: "/b" }), "ann");
    expect(await mill.operator.start(request(), "ann", keyed)).to.deep.equal(first);
    expect((await mill.operator.startOrJoin(request(), "ann")).processingId).to.equal(first.processingId);
    expect(await refusal(mill.operator.start(request(), "ann"))).to.equal("PATH_BUSY");
    await mill.operator.pause(first.processingId, "ann");
    expect((await mill.operator.resume(first.processingId, "ann")).status).to.equal("WAITING");
  });
});
