import { expect } from "chai";
import { endOf } from "../embedding/host.js";
import { ContractHost, refusal, request, tree } from "./contract-host.js";

const CONTENTS = {
  ...tree(5),
  "/a/m.ditamap": "<map/>",
  "/a/translation_output/t.dita": "<topic/>",
  "/a/z.md": "",
};

describe("a dry run", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  it("counts what the real run's discovery counts, calls no handler, and writes nothing", async () => {
    const mill = await host.over(CONTENTS, undefined, { chunkSize: 3 });
    const dry = await mill.operator.start(request({ dryRun: true }), "ann");
    const report = await endOf(mill, dry.processingId);
    expect(report).to.include({ status: "SUCCESS", dryRun: true, triggeredCount: 0, progress: 1, resumable: false });
    expect(host.handled).to.deep.equal([]);
    for (const path of Object.keys(CONTENTS)) expect(await mill.operator.results(path)).to.equal(undefined);

    const real = await mill.operator.start(request(), "ann");
    const done = await endOf(mill, real.processingId);
    const { types, skips } = await mill.operator.summary(real.processingId);
    const { outcomes } = await mill.operator.outcomes(real.processingId, { limit: 100 });
    const byType = Object.fromEntries(Object.entries(types).map(([type, { total }]) => [type, total]));
    expect(report.report).to.deep.equal({
      byType,
      skipped: skips,
      first: outcomes[0]?.path,
      last: outcomes.at(-1)?.path,
      expectedSeconds: null,
    });
    expect(report.migrationSet).to.deep.equal(done.migrationSet);
    expect(done).to.include({ dryRun: false });
    expect(done).not.to.have.property("report");
  });

  it("names no first and no last asset if there are none", async () => {
    const mill = await host.over(CONTENTS);
    const filter = { fileTypes: ["DITAVAL"] };
    const { processingId } = await mill.operator.start(request({ dryRun: true, filter }), "ann");
    const { report } = await endOf(mill, processingId);
    expect(report).to.deep.include({ byType: {}, skipped: {}, first: null, last: null });
  });

  it("has an id, a log and an entry in the history like other jobs, and nothing to retry", async () => {
    const mill = await host.over(CONTENTS);
    const { processingId } = await mill.operator.start(request({ dryRun: true }), "ann");
    await endOf(mill, processingId);
    expect((await mill.operator.history()).jobs.map((report) => report.processingId)).to.deep.equal([processingId]);
    expect((await mill.operator.logs(processingId)).lines.join("\n")).to.match(/dryRun=true/);
    expect(await refusal(mill.operator.retryFailed(processingId, "ann"))).to.equal("ILLEGAL_STATE");
    const again = await mill.operator.restart(processingId, "ann");
    expect(await endOf(mill, again.processingId)).to.include({ dryRun: true, restartedFrom: processingId });
  });
});
