import { expect } from "chai";
import type { AssetHandler, ReportedOutcome } from "../../src/index.js";
import { endOf, Host, outcomesOf, processed } from "../embedding/host.js";
import { forEachLane, type JcrFixture } from "./support/fixture.js";

/** What somebody does to an asset while its handler is at work, after it was read. */
type Deed = (path: string, run: number) => Promise<void>;

async function disturbed(
  fixture: JcrFixture,
  deeds: Readonly<Record<string, Deed>>,
  user?: string,
): Promise<{ outcomes: Readonly<Record<string, ReportedOutcome>>; runs: Readonly<Record<string, number>> }> {
  const names = [...Object.keys(deeds), "calm", "also-calm"];
  await fixture.files("dam", ...names);
  const runs: Record<string, number> = {};
  const handler: AssetHandler = {
    name: "own",
    version: "1",
    async process(asset, context) {
      const name = asset.path.slice(fixture.root.length + 1);
      runs[name] = (runs[name] ?? 0) + 1;
      const text = await context.text();
      await deeds[name]?.(asset.path, runs[name] ?? 0);
      return { properties: { read: text } };
    },
  };
  const host = new Host();
  try {
    const assets = fixture.open(user === undefined ? {} : { user, password: `${user}-pw` });
    const mill = await host.mill({ assets, plugins: [handler], builtIns: false });
    const report = await processed(mill, fixture.root);
    return { outcomes: await outcomesOf(mill, report.processingId), runs };
  } finally {
    await host.dispose();
  }
}

forEachLane("an asset that somebody touches while it is processed", (at) => {
  it("ends as what happened to it: gone, changed, locked, checked in; nothing is resurrected, nothing else fails", async () => {
    const { root } = at();
    const later = (run: number): Date => new Date(Date.UTC(2040, 0, 1) + run * 60_000);
    const touch: Deed = (path, run) =>
      at().write({ kind: "set", node: `${path}/jcr:content`, name: "jcr:lastModified", value: later(run) });
    const { outcomes, runs } = await disturbed(at(), {
      deleted: (path) => at().write({ kind: "delete", path }),
      moved: (path) => at().move(path, `${root}/moved-away`),
      "changed-once": (path, run) => (run === 1 ? touch(path, run) : Promise.resolve()),
      "changed-always": touch,
      locked: async (path) => {
        await at().mixin(path, "mix:lockable");
        await at().lock(path, "0");
      },
      "checked-in": async (path) => {
        await at().mixin(path, "mix:versionable");
        await at().checkIn(path);
      },
    });
    const ends = Object.fromEntries(
      Object.entries(outcomes).map(([name, { outcome, code }]) => [name, code ?? outcome]),
    );
    expect(ends).to.deep.equal({
      deleted: "GONE",
      moved: "GONE",
      "changed-once": "SUCCEEDED",
      "changed-always": "CHANGED",
      locked: "LOCKED",
      "checked-in": "CHECKED_OUT",
      calm: "SUCCEEDED",
      "also-calm": "SUCCEEDED",
    });
    expect([runs["changed-once"], runs["changed-always"], runs.calm]).to.deep.equal([2, 2, 1]);
    expect(await at().paths()).to.not.include.members(["deleted"]);
    expect(await at().paths()).to.not.include.members(["moved"]);
    const done = ["moved-away", "locked", "checked-in", "changed-always", "changed-once", "calm"];
    const results = await at().repository.results(done.map((name) => `${root}/${name}`));
    expect(results.map((result) => result?.properties.read)).to.deep.equal([
      ...Array<undefined>(4).fill(undefined),
      "changed-once",
      "calm",
    ]);
  });

  it("is GONE if its user may no longer read it, and FAILED if its user may not write it", async function () {
    if (at().lane.name.startsWith("JCR_URL")) {
      process.stderr.write("\n*** NOT TESTED against JCR_URL: users and their rights ***\n");
      this.skip();
    }
    const user = `u${Date.now().toString(36)}`;
    await at().user(user);
    const { outcomes } = await disturbed(
      at(),
      {
        unreadable: (path) => at().deny(user, path, "jcr:read"),
        unwritable: (path) => at().deny(user, path, "rep:write"),
      },
      user,
    );
    expect([outcomes.unreadable?.code, outcomes.unreadable?.outcome]).to.deep.equal(["GONE", "SKIPPED"]);
    expect(outcomes.unwritable?.outcome).to.equal("FAILED");
    expect(outcomes.unwritable?.code).to.equal("ACCESS_DENIED");
    expect([outcomes.calm?.outcome, outcomes["also-calm"]?.outcome]).to.deep.equal(["SUCCEEDED", "SUCCEEDED"]);
  });

  it("ends the job after the first few if its user may write nothing at all", async function () {
    if (at().lane.name.startsWith("JCR_URL")) {
      process.stderr.write(`\n*** NOT TESTED (${at().lane.name}): a user who may write nothing ***\n`);
      this.skip();
    }
    const user = `d${Date.now().toString(36)}`;
    await at().user(user);
    await at().deny(user, at().root, "rep:write");
    await at().files("dam", ...Array.from({ length: 300 }, (_, i) => `a${i}`));
    const host = new Host();
    try {
      const assets = at().open({ user, password: `${user}-pw` });
      const plugin = { name: "own", version: "1", process: () => ({ properties: { done: true } }) };
      const mill = await host.mill({ assets, plugins: [plugin], builtIns: false });
      const { processingId } = await mill.operator.start({ path: at().root, type: "ASSET_PROCESSING" }, "test");
      const report = await endOf(mill, processingId, 60_000);
      expect(report.status).to.equal("FAILURE");
      expect(report.comments).to.match(/denied all of the first 50 writes of this job/);
      expect(report.processedCount).to.be.below(300);
      // Through Sling's GET each node that is looked at is a request.
      if (at().lane.dialect === "davex") expect(assets.requests).to.be.below(300);
      await at().allow(user, at().root, "rep:write");
      await mill.operator.resume(processingId, "test");
      const resumed = await endOf(mill, processingId, 60_000);
      expect([resumed.processedCount, resumed.succeededCount + resumed.failedCount]).to.deep.equal([300, 300]);
      expect(resumed.failedCount).to.be.below(50);
    } finally {
      await host.dispose();
    }
  });
});
