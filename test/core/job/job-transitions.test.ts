import { expect } from "chai";
import fc from "fast-check";
import { AssetmillError } from "../../../src/core/errors.js";
import type { Job, JobState } from "../../../src/core/job/job.js";
import type { MaxFailures } from "../../../src/core/job/job-request.js";
import {
  cancel,
  claimed,
  discovered,
  giveUp,
  type JobChange,
  pause,
  progressed,
  resume,
  settle,
} from "../../../src/core/job/job-transitions.js";
import { EMPTY_TALLY } from "../../../src/core/job/tally.js";
import { factsOf, jobOf, tallyOf } from "../../support/builders.js";
import { thrown } from "../../support/deferred.js";

const DRAINED = factsOf({ leased: false });
const LEASED = factsOf({ leased: true });

const GIVING_UP: JobState = { status: "PROCESSING", pausing: false, givingUp: "too much failed" };
const PAUSING: JobState = { status: "PROCESSING", pausing: true };

/** The part that ends the job's last asset and closes its last chunk. */
const lastPart = (counts: { succeeded?: number; failed?: number } = { succeeded: 1 }) => ({
  tally: tallyOf(counts),
  closedChunks: 1,
  warnings: 0,
  samples: [],
});

const messages = ({ lines }: JobChange): string[] => lines.map((line) => line.message);

describe("precedence among transitions", () => {
  const almostDone = (state: JobState): Job =>
    jobOf({ state, openChunks: 1, tally: tallyOf({ total: 10, succeeded: 9 }) });

  it("lets cancel win over finish, even if the last chunk was just committed", () => {
    const change = progressed(almostDone({ status: "CANCELLING" }), lastPart(), DRAINED);
    expect(change.job.state).to.deep.equal({ status: "CANCELLED", completedAtMs: 5_000 });
    expect(change.job.tally.types.DITATOPIC?.succeeded).to.equal(10);
  });

  it("lets cancel win over pause", () => {
    const cancelling = cancel(almostDone(PAUSING), "ann", LEASED);
    expect(cancelling.job.state).to.deep.equal({ status: "CANCELLING" });
    expect(settle(cancelling.job, DRAINED).job.state.status).to.equal("CANCELLED");
  });

  it("lets cancel win over giving up", () => {
    const cancelling = cancel(almostDone(GIVING_UP), "ann", LEASED);
    expect(cancelling.job.state).to.deep.equal({ status: "CANCELLING" });
    const ended = settle(cancelling.job, DRAINED);
    expect(ended.job.state.status).to.equal("CANCELLED");
    expect(ended.job.comments).to.equal("cancelled by ann");
  });

  it("lets cancel win over whatever comes after it", () => {
    const cancelling = almostDone({ status: "CANCELLING" });
    expect(giveUp(cancelling, "why", DRAINED).job.state.status).to.not.equal("FAILURE");
    expect((thrown(() => pause(cancelling, "ann", DRAINED)) as AssetmillError).code).to.equal("ILLEGAL_STATE");
  });

  it("lets finish win over pause", () => {
    expect(progressed(almostDone(PAUSING), lastPart(), DRAINED).job.state.status).to.equal("SUCCESS");
  });

  it("lets giving up win over finish", () => {
    const ended = progressed(almostDone(GIVING_UP), lastPart(), DRAINED).job;
    expect(ended.state.status).to.equal("FAILURE");
    expect(ended.comments).to.equal("too much failed");
  });

  it("lets giving up win over pause, which is refused meanwhile", () => {
    const giving = giveUp(almostDone(PAUSING), "why", LEASED).job;
    expect(giving.state).to.deep.equal({ status: "PROCESSING", pausing: false, givingUp: "why" });
    expect((thrown(() => pause(giving, "ann", LEASED)) as AssetmillError).code).to.equal("ILLEGAL_STATE");
  });

  it("lets the first reason to give up win over a later one", () => {
    const giving = giveUp(giveUp(jobOf(), "first", LEASED).job, "second", LEASED).job;
    expect(settle(giving, DRAINED).job.comments).to.equal("first");
  });
});

describe("a stopping job", () => {
  for (const [title, state, ends] of [
    ["cancelled", { status: "CANCELLING" }, "CANCELLED"],
    ["pausing", PAUSING, "PAUSED"],
    ["giving up", GIVING_UP, "FAILURE"],
  ] as const) {
    it(`is ended while ${title} by the transaction that drains it, not before`, () => {
      const job = jobOf({ state });
      expect(settle(job, LEASED).job.state).to.deep.equal(state);
      expect(settle(job, DRAINED).job.state.status).to.equal(ends);
    });

    it(`is ended while ${title} by the part that closes its last lease`, () => {
      const job = jobOf({ state, openChunks: 2 });
      expect(progressed(job, lastPart(), DRAINED).job.state.status).to.equal(ends);
    });

    it(`is ended while ${title} by the page of discovery that closes its last lease`, () => {
      const job = jobOf({ state, openChunks: 2, counting: "PROCESSING" });
      const page = { tally: EMPTY_TALLY, chunks: [], first: undefined, last: undefined, complete: true };
      expect(discovered(job, page, DRAINED).job.state.status).to.equal(ends);
    });
  }

  for (const [title, state, ends] of [
    ["cancelled", { status: "CANCELLING" }, "CANCELLED"],
    ["giving up", GIVING_UP, "FAILURE"],
  ] as const) {
    it(`is ended while ${title} by its last part even if more than maxFailures failed`, () => {
      const request = { type: "ASSET_PROCESSING", paths: ["/root"], priority: 5, maxFailures: 0 };
      const job = jobOf({ state, openChunks: 2, request });
      expect(progressed(job, lastPart({ failed: 1 }), DRAINED).job.state.status).to.equal(ends);
    });
  }

  it("stays as it is and gains no log line if it is cancelled again", () => {
    const job = jobOf({ state: { status: "CANCELLING" }, comments: "cancelled by ann" });
    const again = cancel(job, "bob", LEASED);
    expect(again).to.deep.equal({ job, lines: [] });
    const ended = settle(job, DRAINED).job;
    expect(cancel(ended, "bob", DRAINED)).to.deep.equal({ job: ended, lines: [] });
  });

  it("is ended if it is cancelled again once it is drained", () => {
    expect(cancel(jobOf({ state: { status: "CANCELLING" } }), "bob", DRAINED).job.state.status).to.equal("CANCELLED");
  });

  it("stays as it is if it is paused again", () => {
    const job = jobOf({ state: PAUSING });
    expect(pause(job, "ann", LEASED)).to.deep.equal({ job, lines: [] });
  });
});

describe("a finished job", () => {
  const finishing = (over: Partial<Job>): Job => settle(jobOf({ openChunks: 0, ...over }), DRAINED).job;

  it("is SUCCESS if it found nothing", () => {
    expect(finishing({ tally: EMPTY_TALLY }).state.status).to.equal("SUCCESS");
  });

  it("is SUCCESS even if some assets failed, and says how many", () => {
    const job = finishing({ tally: tallyOf({ total: 919, succeeded: 916, failed: 3 }) });
    expect(job.state.status).to.equal("SUCCESS");
    expect(job.comments).to.equal("completed with 3 failed of 919 assets");
  });

  it("is FAILURE if every asset failed", () => {
    expect(finishing({ tally: tallyOf({ total: 4, failed: 4 }) }).state.status).to.equal("FAILURE");
  });

  it("is SUCCESS if all assets but one failed, even if that one was only skipped", () => {
    expect(finishing({ tally: tallyOf({ total: 4, failed: 3, skipped: 1 }) }).state.status).to.equal("SUCCESS");
  });

  it("is finished only after its discovery is complete", () => {
    expect(finishing({ counting: "PROCESSING" }).state.status).to.equal("PROCESSING");
  });

  it("is finished only after its last open chunk", () => {
    expect(finishing({ openChunks: 1 }).state.status).to.equal("PROCESSING");
  });

  it("is finished by the page that completes discovery if no chunk is open", () => {
    const page = {
      tally: tallyOf({ total: 1, skipped: 1 }),
      chunks: [],
      first: undefined,
      last: undefined,
      complete: true,
    };
    const change = discovered(jobOf({ openChunks: 0, counting: "PROCESSING", tally: EMPTY_TALLY }), page, DRAINED);
    expect(change.job.state.status).to.equal("SUCCESS");
    expect(messages(change)[0]).to.equal("Counted 1 assets");
  });

  it("ends its log with totals, each type, each reason, and the duration", () => {
    const tally = {
      types: {
        DITATOPIC: { total: 3, succeeded: 1, failed: 1, skipped: 1 },
        MARKDOWN: { total: 2, succeeded: 2, failed: 0, skipped: 0 },
      },
      skips: { GONE: 1 },
    };
    const change = settle(jobOf({ openChunks: 0, tally, startedAtMs: 2_000 }), factsOf({ nowMs: 3_725_000 }));
    expect(messages(change)).to.deep.equal([
      "Total 5: 3 succeeded, 1 failed, 1 skipped",
      "DITATOPIC 3: 1 succeeded, 1 failed, 1 skipped",
      "MARKDOWN 2: 2 succeeded, 0 failed, 0 skipped",
      "Skipped GONE 1",
      "Time 01:02:03",
      "Ended SUCCESS: completed with 1 failed of 5 assets",
    ]);
  });

  it("is not finished a second time", () => {
    const done = finishing({});
    expect(settle(done, factsOf({ nowMs: 9_999 }))).to.deep.equal({ job: done, lines: [] });
  });
});

describe("maxFailures", () => {
  const failing = (maxFailures: MaxFailures, over: Partial<Job> = {}): Job =>
    jobOf({
      request: { type: "ASSET_PROCESSING", paths: ["/root"], priority: 5, maxFailures },
      openChunks: 9,
      ...over,
    });
  const after = (job: Job, counts: { succeeded?: number; failed?: number; skipped?: number }): JobState =>
    progressed(job, { tally: tallyOf(counts), closedChunks: 0, warnings: 0, samples: [] }, LEASED).job.state;
  const givesUp = (state: JobState): boolean => state.status === "PROCESSING" && state.givingUp !== undefined;

  it("gives up at the first failure if it is 0", () => {
    expect(givesUp(after(failing(0), { succeeded: 50 }))).to.equal(false);
    expect(givesUp(after(failing(0), { failed: 1 }))).to.equal(true);
  });

  it("gives up once the failures exceed it, not when they reach it", () => {
    expect(givesUp(after(failing(3), { failed: 3 }))).to.equal(false);
    expect(givesUp(after(failing(3), { failed: 4 }))).to.equal(true);
  });

  it("counts the failures of earlier parts", () => {
    const job = failing(3, { tally: tallyOf({ total: 10, failed: 3 }) });
    expect(givesUp(after(job, { failed: 1 }))).to.equal(true);
  });

  it("is not applied before the 100th asset if it is a percentage", () => {
    expect(givesUp(after(failing("5%"), { failed: 99 }))).to.equal(false);
    expect(givesUp(after(failing("5%"), { failed: 100 }))).to.equal(true);
  });

  it("gives up above a percentage, not at it", () => {
    expect(givesUp(after(failing("5%"), { failed: 5, succeeded: 90, skipped: 5 }))).to.equal(false);
    expect(givesUp(after(failing("5%"), { failed: 6, succeeded: 94 }))).to.equal(true);
  });

  it("takes a percentage of the processed assets, skipped ones included, not of the total", () => {
    const job = failing("10%", { tally: tallyOf({ total: 1_000_000 }) });
    expect(givesUp(after(job, { failed: 11, skipped: 89 }))).to.equal(true);
  });

  it("never gives up at 100%", () => {
    expect(givesUp(after(failing("100%"), { failed: 1_000 }))).to.equal(false);
  });

  it("gives up at the first failure at 0%, from the 100th asset on", () => {
    expect(givesUp(after(failing("0%"), { failed: 1, succeeded: 98 }))).to.equal(false);
    expect(givesUp(after(failing("0%"), { failed: 1, succeeded: 99 }))).to.equal(true);
  });

  it("compares percentages exactly at the boundary, fractions included", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 10_000 }),
        fc.integer({ min: 100, max: 100_000 }),
        fc.integer({ min: -1, max: 1 }),
        (hundredths, processed, off) => {
          const limit = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}%` as MaxFailures;
          const failed = Math.min(processed, Math.max(0, Math.floor((hundredths * processed) / 10_000) + off));
          const tooMany = failed * 10_000 > hundredths * processed;
          const state = after(failing(limit), { failed, succeeded: processed - failed });
          expect(givesUp(state), `${failed} of ${processed} at ${limit}`).to.equal(tooMany);
        },
      ),
      // Binary fractions of these are a little too small.
      {
        numRuns: 3_000,
        examples: [
          [460, 1_500, 0],
          [228, 2_500, 0],
        ],
      },
    );
  });

  it("counts within an attempt: failures before the resume are forgiven", () => {
    const ended = failing(3, {
      state: { status: "FAILURE", completedAtMs: 1 },
      tally: tallyOf({ total: 100, failed: 4 }),
    });
    const resumed = claimed(resume(ended, "ann").job, { newlyTriggered: 0, takenOver: 0 }, LEASED)?.job as Job;
    expect(givesUp(after(resumed, { failed: 3 }))).to.equal(false);
    expect(givesUp(after(resumed, { failed: 4 }))).to.equal(true);
  });

  it("takes a percentage of the assets processed in this attempt only", () => {
    const ended = failing("5%", {
      state: { status: "CANCELLED", completedAtMs: 1 },
      tally: tallyOf({ total: 1_000, failed: 90, succeeded: 10 }),
    });
    const resumed = claimed(resume(ended, "ann").job, { newlyTriggered: 0, takenOver: 0 }, LEASED)?.job as Job;
    expect(givesUp(after(resumed, { failed: 99 }))).to.equal(false);
    expect(givesUp(after(resumed, { failed: 6, succeeded: 94 }))).to.equal(true);
  });

  it("counts on after a pause rather than from zero", () => {
    const paused = failing(3, { state: { status: "PAUSED" }, tally: tallyOf({ total: 100, failed: 3 }) });
    const resumed = claimed(resume(paused, "ann").job, { newlyTriggered: 0, takenOver: 0 }, LEASED)?.job as Job;
    expect(givesUp(after(resumed, { failed: 1 }))).to.equal(true);
  });

  it("ends the job as FAILURE, says why, and counts the part that exceeded it", () => {
    const change = progressed(
      failing(0),
      { tally: tallyOf({ failed: 1 }), closedChunks: 0, warnings: 0, samples: [] },
      DRAINED,
    );
    expect(change.job.state.status).to.equal("FAILURE");
    expect(change.job.comments).to.match(/1 assets? failed, more than 0/);
    expect(change.job.tally.types.DITATOPIC?.failed).to.equal(1);
    expect(messages(change)[0]).to.match(/^Giving up: /);
  });

  it("wins over finish if the last part exceeds it", () => {
    const change = progressed(failing(0, { openChunks: 1 }), lastPart({ failed: 1 }), DRAINED);
    expect(change.job.state.status).to.equal("FAILURE");
  });
});

describe("resume", () => {
  it("adds an attempt to an ended job, clears its end and comments, and keeps its start", () => {
    for (const status of ["FAILURE", "CANCELLED"] as const) {
      const job = jobOf({ state: { status, completedAtMs: 4_000 }, attempt: 2, comments: "cancelled by ann" });
      const { job: resumed } = resume(job, "bob");
      expect(resumed.state).to.deep.equal({ status: "WAITING" });
      expect(resumed.attempt).to.equal(3);
      expect(resumed.comments).to.equal("");
      expect(resumed.startedAtMs).to.equal(2_000);
    }
  });

  it("keeps the attempt of a paused job", () => {
    const { job } = resume(jobOf({ state: { status: "PAUSED" }, attempt: 2 }), "bob");
    expect(job.attempt).to.equal(2);
    expect(job.state).to.deep.equal({ status: "WAITING" });
  });

  it("logs who resumed the job and how far it had come", () => {
    const job = jobOf({ state: { status: "PAUSED" }, tally: tallyOf({ total: 10, succeeded: 3, skipped: 1 }) });
    expect(messages(resume(job, "bob"))).to.deep.equal(["Resumed by bob at 4/10"]);
  });

  it("keeps the counts of outcomes and attempts", () => {
    const job = jobOf({ state: { status: "CANCELLED", completedAtMs: 1 }, triggered: 7, openChunks: 3 });
    const { job: resumed } = resume(job, "bob");
    expect(resumed.tally).to.deep.equal(job.tally);
    expect([resumed.triggered, resumed.openChunks]).to.deep.equal([7, 3]);
  });

  it("is refused with the job's status if nothing is left", () => {
    const done = jobOf({ state: { status: "FAILURE", completedAtMs: 1 }, openChunks: 0 });
    const error = thrown(() => resume(done, "bob"));
    expect(AssetmillError.is(error) && error.code).to.equal("ILLEGAL_STATE");
    expect((error as AssetmillError).ids.status).to.equal("FAILURE");
  });
});

describe("a claim", () => {
  it("starts the job once: later claims keep its start", () => {
    const waiting = jobOf({ state: { status: "WAITING" }, startedAtMs: 0, counting: "WAITING" });
    const first = claimed(waiting, { newlyTriggered: 0, takenOver: 0 }, factsOf({ nowMs: 7_000 }))?.job as Job;
    expect([first.startedAtMs, first.counting]).to.deep.equal([7_000, "PROCESSING"]);
    const second = claimed(first, { newlyTriggered: 3, takenOver: 0 }, factsOf({ nowMs: 8_000 }))?.job as Job;
    expect([second.startedAtMs, second.triggered]).to.deep.equal([7_000, 3]);
  });

  it("keeps the attempt at a takeover, and logs that there was one", () => {
    const change = claimed(jobOf({ attempt: 2 }), { newlyTriggered: 0, takenOver: 2 }, LEASED) as JobChange;
    expect(change.job.attempt).to.equal(2);
    expect(messages(change)).to.have.length(1);
  });

  it("does not take back a completed count", () => {
    const change = claimed(jobOf({ counting: "SUCCESS" }), { newlyTriggered: 0, takenOver: 0 }, LEASED);
    expect(change?.job.counting).to.equal("SUCCESS");
  });
});

describe("a cancel", () => {
  it("ends a job that nobody has claimed at once, without it having started", () => {
    const job = jobOf({ state: { status: "WAITING" }, startedAtMs: 0 });
    const change = cancel(job, "ann", DRAINED);
    expect(change.job.state).to.deep.equal({ status: "CANCELLED", completedAtMs: 5_000 });
    expect(change.job.startedAtMs).to.equal(0);
    expect(messages(change)).to.deep.equal(["Cancelled by ann", "Ended CANCELLED: cancelled by ann"]);
  });

  it("ends a running job at once if none of its chunks is leased", () => {
    expect(cancel(jobOf(), "ann", DRAINED).job.state.status).to.equal("CANCELLED");
  });
});

describe("progress lines", () => {
  const at = (nowMs: number, over: Partial<Job> = {}): JobChange =>
    progressed(
      jobOf({ openChunks: 2, progressLoggedAtMs: 10_000, ...over }),
      { tally: tallyOf({ succeeded: 1 }), closedChunks: 0, warnings: 0, samples: [] },
      factsOf({ leased: true, nowMs }),
    );

  it("are logged at least every 10 s while parts are committed", () => {
    expect(messages(at(20_000))).to.have.length(1);
    expect(messages(at(20_000))[0]).to.equal("Progress 1/10 (10%)");
    expect(at(20_000).job.progressLoggedAtMs).to.equal(20_000);
  });

  it("are not logged with every part", () => {
    expect(messages(at(11_000))).to.deep.equal([]);
    expect(at(11_000).job.progressLoggedAtMs).to.equal(10_000);
  });

  it("say that the total is still being counted, and give no percentage until then", () => {
    expect(messages(at(20_000, { counting: "PROCESSING" }))[0]).to.equal("Progress 1/10 (still counting)");
  });
});
