import { expect } from "chai";
import { forgetGone } from "../../../../src/core/engine/discovery/forget-gone.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import type { JobRequest } from "../../../../src/core/job/job-request.js";
import type { LogEntry } from "../../../../src/core/job/log-entry.js";
import type { ForgetOptions, ForgottenPage } from "../../../../src/core/ports/asset-repository.js";
import { factsOf, jobOf } from "../../../support/builders.js";
import { rejection } from "../../../support/deferred.js";
import { noJobs, repositoryOf } from "../../../support/engine-tools.js";
import { othersOf } from "../../../support/others-of.js";

const REQUEST: JobRequest = { type: "ASSET_PROCESSING", paths: ["/root"], excludedPaths: ["/root/x"], priority: 5 };
const FILTER = { fileTypes: [], filterProcessedAssets: false } as const;

function bench(pages: readonly (ForgottenPage | Error)[], over: Partial<JobRequest> = {}) {
  const job = jobOf({ request: { ...REQUEST, ...over } });
  const asked: { scope: object; options: ForgetOptions }[] = [];
  const said: LogEntry[] = [];
  const stop = new AbortController();
  const tools = {
    repository: repositoryOf({
      forgetGone: async (scope, options) => {
        asked.push({ scope, options });
        const page = pages[asked.length - 1];
        if (!page || page instanceof Error) throw page ?? new Error("asked too often");
        return page;
      },
    }),
    jobs: {
      ...noJobs,
      update: async (_id: string, decide: Parameters<typeof noJobs.update>[1]) => {
        const change = await decide({ job, facts: factsOf(), others: othersOf([]) });
        said.push(...change.lines);
        return change.job;
      },
    },
  };
  return { run: () => forgetGone(job, stop.signal, tools), asked, said, stop, job };
}

describe("forgetting what is gone", () => {
  it("goes through the scope page by page, leaves out the job's own results, and logs the number removed", async () => {
    const { run, asked, said, job } = bench([
      { removed: 2, next: "/root/m" },
      { removed: 0, next: "/root/n" },
      { removed: 1 },
    ]);
    await run();
    expect(asked.map(({ options }) => options.after)).to.deep.equal([undefined, "/root/m", "/root/n"]);
    for (const { scope, options } of asked) {
      expect(scope).to.deep.include({ roots: ["/root"], excluded: ["/root/x"] });
      expect(options.exceptJob).to.equal(job.id);
      expect(options.limit).to.be.within(1, 1_000);
    }
    expect(said).to.deep.equal([
      { level: "INFO", message: "Removed the results of 3 assets no longer in the repository" },
    ]);
  });

  it("says nothing if nothing was removed", async () => {
    const { run, said } = bench([{ removed: 0 }]);
    await run();
    expect(said).to.deep.equal([]);
  });

  const partial: [what: string, over: Partial<JobRequest>][] = [
    ["a dry run", { dryRun: true }],
    ["a listing", { listing: { missing: [] } }],
    ["a retry of failed assets", { failedOf: "22222222-2222-4222-8222-222222222222" }],
    ["some file types", { filter: { ...FILTER, fileTypes: ["DITAMAP"] } }],
    ["assets from a time on", { filter: { ...FILTER, startTime: 0 } }],
    ["assets up to a time", { filter: { ...FILTER, endTime: 1 } }],
  ];
  for (const [what, over] of partial) {
    it(`never happens in a job over ${what}`, async () => {
      const { run, asked } = bench([{ removed: 1 }], over);
      await run();
      expect(asked).to.deep.equal([]);
    });
  }

  it("happens in a job that skips unchanged assets: it sees them all", async () => {
    const { run, asked } = bench([{ removed: 1 }], { filter: { ...FILTER, filterProcessedAssets: true } });
    await run();
    expect(asked).to.have.lengthOf(1);
  });

  it("stops after the page at which the lease is lost", async () => {
    const { run, asked, stop } = bench([{ removed: 0, next: "/root/m" }]);
    stop.abort(new Error("lease lost"));
    await run();
    expect(asked).to.have.lengthOf(1);
  });

  it("fails no job if it cannot be done: the log warns, with what was removed so far", async () => {
    const { run, said } = bench([{ removed: 1, next: "/root/m" }, new Error("read-only")]);
    await run();
    expect(said).to.deep.equal([
      { level: "WARN", message: "Could not remove results of assets that are gone: read-only" },
      { level: "INFO", message: "Removed the results of 1 asset no longer in the repository" },
    ]);
  });

  it("waits with the rest of discovery while the repository cannot be reached", async () => {
    const { run, said } = bench([new AssetmillError("UNAVAILABLE", "down")]);
    expect(await rejection(run())).to.include({ code: "UNAVAILABLE" });
    expect(said).to.deep.equal([]);
  });
});
