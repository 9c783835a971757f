import { expect } from "chai";
import { AssetmillError } from "../../../src/core/errors.js";
import { hasWorkLeft, type Job, type JobState } from "../../../src/core/job/job.js";
import * as transitions from "../../../src/core/job/job-transitions.js";
import {
  accepts,
  flagsOf,
  isFinal,
  JOB_STATUSES,
  type LifecycleEvent,
  type JobStatus,
  LIFECYCLE,
  leadsTo,
} from "../../../src/core/job/lifecycle.js";
import { EMPTY_TALLY } from "../../../src/core/job/tally.js";
import { factsOf, jobOf, tallyOf } from "../../support/builders.js";

/** CONTRACT.md's table: cancellable, resumable, restartable. */
const CONTRACT: Record<JobStatus, [boolean, boolean, boolean]> = {
  WAITING: [true, false, false],
  PROCESSING: [true, false, false],
  CANCELLING: [false, false, false],
  PAUSED: [true, true, false],
  SUCCESS: [false, false, true],
  FAILURE: [false, true, true],
  CANCELLED: [false, true, true],
};

describe("the lifecycle table", () => {
  for (const status of JOB_STATUSES) {
    it(`gives ${status} the flags of the contract`, () => {
      const [cancellable, resumable, restartable] = CONTRACT[status];
      expect(flagsOf(status, true)).to.deep.equal({ cancellable, resumable, restartable });
    });
  }

  it("makes an ended job resumable only if something is left to do", () => {
    const resumable = JOB_STATUSES.filter((status) => flagsOf(status, false).resumable);
    expect(resumable).to.deep.equal(["PAUSED"]);
  });

  it("has exactly the edges of the design", () => {
    expect(LIFECYCLE.map(({ from, on, to }) => `${from} ${on}: ${to}`)).to.have.members([
      ...["WAITING claim: PROCESSING", "WAITING cancel: CANCELLED", "WAITING pause: PAUSED"],
      ...["PROCESSING claim: PROCESSING", "PROCESSING pause: PROCESSING", "PROCESSING cancel: CANCELLING"],
      ...["PROCESSING give up: PROCESSING", "PROCESSING finish: SUCCESS", "PROCESSING finish: FAILURE"],
      ...["PROCESSING drained: PAUSED", "PROCESSING drained: FAILURE"],
      ...["CANCELLING cancel: CANCELLING", "CANCELLING drained: CANCELLED"],
      ...["PAUSED resume: WAITING", "PAUSED cancel: CANCELLED"],
      ...["FAILURE resume: WAITING", "CANCELLED resume: WAITING", "CANCELLED cancel: CANCELLED"],
      ...["SUCCESS restart: new job", "FAILURE restart: new job", "CANCELLED restart: new job"],
      ...["SUCCESS retry-failed: new job", "FAILURE retry-failed: new job", "CANCELLED retry-failed: new job"],
    ]);
  });

  it("gives a reason for every edge", () => {
    for (const edge of LIFECYCLE) expect(edge.because, `${edge.from} ${edge.on}`).to.match(/\w+ \w+/);
  });

  it("lists no edge twice", () => {
    const edges = LIFECYCLE.map(({ from, on, to }) => `${from} ${on} ${to}`);
    expect(new Set(edges).size).to.equal(edges.length);
  });

  it("has no status but those listed, and reaches each", () => {
    const reached = new Set<string>(["WAITING"]);
    for (const { from, to } of LIFECYCLE) {
      expect(JOB_STATUSES).to.include(from);
      if (to !== "new job") expect(JOB_STATUSES).to.include(to);
      reached.add(to);
    }
    expect(JOB_STATUSES.filter((status) => !reached.has(status))).to.deep.equal([]);
  });

  it("lets nothing happen to a final status without a command", () => {
    const asked = new Set<LifecycleEvent>(["cancel", "pause", "resume", "restart", "retry-failed"]);
    for (const { from, on } of LIFECYCLE) if (isFinal(from)) expect(asked.has(on), `${from} ${on}`).to.equal(true);
    expect(JOB_STATUSES.filter(isFinal)).to.deep.equal(["SUCCESS", "FAILURE", "CANCELLED"]);
  });
});

const NOW = factsOf().nowMs;

/** Every place that a job can be in. */
const STATES: JobState[] = [
  { status: "WAITING" },
  { status: "PROCESSING", pausing: false },
  { status: "PROCESSING", pausing: true },
  { status: "PROCESSING", pausing: false, givingUp: "why" },
  { status: "CANCELLING" },
  { status: "PAUSED" },
  { status: "SUCCESS", completedAtMs: 1 },
  { status: "FAILURE", completedAtMs: 1 },
  { status: "CANCELLED", completedAtMs: 1 },
];

interface Situation {
  readonly title: string;
  readonly job: Job;
  readonly leased: boolean;
}

const SITUATIONS: Situation[] = STATES.flatMap((state) =>
  [true, false].flatMap((leased) =>
    (["chunks open", "counting", "nothing left", "all failed"] as const).map((left) => ({
      title: `${JSON.stringify(state)}, ${leased ? "leased" : "drained"}, ${left}`,
      leased,
      job: jobOf({
        state,
        openChunks: left === "chunks open" ? 1 : 0,
        counting: left === "counting" ? "PROCESSING" : "SUCCESS",
        tally: tallyOf({ total: 10, ...(left === "all failed" ? { failed: 10 } : { succeeded: 10 }) }),
      }),
    })),
  ),
);

type Transition = (job: Job, facts: transitions.JobFacts) => transitions.JobChange | undefined;

/** What each function may do: the edges of its own event, then whatever a drained or finished job does by itself. */
const TRANSITIONS: [name: string, event: LifecycleEvent | undefined, run: Transition][] = [
  ["claimed", "claim", (job, facts) => transitions.claimed(job, { newlyTriggered: 1, takenOver: 0 }, facts)],
  ["cancel", "cancel", (job, facts) => transitions.cancel(job, "ann", facts)],
  ["pause", "pause", (job, facts) => transitions.pause(job, "ann", facts)],
  ["resume", "resume", (job) => transitions.resume(job, "ann")],
  ["giveUp", "give up", (job, facts) => transitions.giveUp(job, "why", facts)],
  [
    "discovered",
    undefined,
    (job, facts) =>
      transitions.discovered(
        job,
        { tally: EMPTY_TALLY, chunks: [], first: undefined, last: undefined, complete: false },
        facts,
      ),
  ],
  [
    "progressed",
    undefined,
    (job, facts) =>
      transitions.progressed(job, { tally: EMPTY_TALLY, closedChunks: 0, warnings: 0, samples: [] }, facts),
  ],
  ["settle", undefined, (job, facts) => transitions.settle(job, facts)],
];

const OF_ITSELF = new Set<LifecycleEvent>(["drained", "finish"]);

function mayReach(from: JobStatus, event: LifecycleEvent | undefined): Set<JobStatus> {
  const first = LIFECYCLE.filter((edge) => edge.from === from && edge.on === event).map((edge) => edge.to);
  const reached = new Set<JobStatus>([from, ...first.filter((to) => to !== "new job")]);
  for (const status of [...reached]) {
    for (const edge of LIFECYCLE) {
      if (edge.from === status && OF_ITSELF.has(edge.on) && edge.to !== "new job") reached.add(edge.to);
    }
  }
  return reached;
}

describe("a job's transitions", () => {
  for (const [name, event, run] of TRANSITIONS) {
    it(`${name} never leaves the lifecycle table, whatever the situation`, () => {
      const walked = new Set<string>();
      for (const { title, job, leased } of SITUATIONS) {
        let change: transitions.JobChange | undefined;
        try {
          change = run(job, factsOf({ leased }));
        } catch (error) {
          expect(AssetmillError.is(error) && error.code, title).to.equal("ILLEGAL_STATE");
          expect((error as AssetmillError).ids, title).to.deep.equal({ jobId: job.id, status: job.state.status });
          continue;
        }
        if (!change) continue;
        const to = change.job.state.status;
        expect([...mayReach(job.state.status, event)], title).to.include(to);
        walked.add(`${job.state.status} ${to}`);
      }
      for (const edge of LIFECYCLE) {
        if (edge.on !== event || edge.to === edge.from) continue;
        expect(
          [...walked].some((step) => step.startsWith(edge.from)),
          `${edge.from} ${edge.on}`,
        ).to.equal(true);
      }
    });
  }

  it("walk every edge that is not a new job", () => {
    const walked = new Set<string>();
    for (const { job, leased } of SITUATIONS) {
      for (const [, , run] of TRANSITIONS) {
        try {
          walked.add(`${job.state.status} ${run(job, factsOf({ leased }))?.job.state.status}`);
        } catch {
          // Refused: the test above looks at that.
        }
      }
    }
    const edges = LIFECYCLE.filter((edge) => edge.to !== "new job").map(({ from, to }) => `${from} ${to}`);
    expect(edges.filter((edge) => !walked.has(edge))).to.deep.equal([]);
  });

  for (const [name, event, run] of TRANSITIONS.filter(
    ([, on]) => on === "cancel" || on === "pause" || on === "resume",
  )) {
    it(`refuse ${name} exactly if the table has no edge, a job gives up, or nothing is left`, () => {
      for (const { title, job, leased } of SITUATIONS) {
        const givingUp = job.state.status === "PROCESSING" && job.state.givingUp !== undefined;
        const nothingLeft = job.state.status !== "PAUSED" && !hasWorkLeft(job);
        const legal =
          accepts(job.state.status, event as LifecycleEvent) &&
          !(name === "pause" && givingUp) &&
          !(name === "resume" && nothingLeft);
        let refused = false;
        try {
          run(job, factsOf({ leased }));
        } catch {
          refused = true;
        }
        expect(refused, title).to.equal(!legal);
      }
    });
  }

  it("agree with the flags: what a flag offers is accepted, and what it denies is refused or changes nothing", () => {
    for (const { title, job, leased } of SITUATIONS) {
      const flags = flagsOf(job.state.status, hasWorkLeft(job));
      const tried = (run: Transition): JobStatus | undefined => {
        try {
          return run(job, factsOf({ leased }))?.job.state.status;
        } catch {
          return undefined;
        }
      };
      const cancelled = tried((j, facts) => transitions.cancel(j, "ann", facts));
      expect(cancelled !== undefined || !flags.cancellable, `${title}: cancel`).to.equal(true);
      expect(tried((j) => transitions.resume(j, "ann")) !== undefined, `${title}: resume`).to.equal(flags.resumable);
    }
  });

  it("allow a claim only if the job was not told to stop", () => {
    for (const { title, job, leased } of SITUATIONS) {
      const { state } = job;
      const free =
        state.status === "WAITING" || (state.status === "PROCESSING" && !state.pausing && state.givingUp === undefined);
      const change = transitions.claimed(job, { newlyTriggered: 0, takenOver: 0 }, factsOf({ leased }));
      expect(change?.job.state.status, title).to.equal(free ? "PROCESSING" : undefined);
    }
  });

  it("do not end a job that is told to stop while a row is leased", () => {
    for (const { title, job } of SITUATIONS.filter(({ leased }) => leased)) {
      const { state } = job;
      const stopping = state.status === "CANCELLING" || (state.status === "PROCESSING" && state.givingUp !== undefined);
      if (stopping) expect(transitions.settle(job, factsOf({ leased: true })).job.state, title).to.deep.equal(state);
    }
  });

  it("date the end of a job if they end it, and only then", () => {
    for (const { title, job, leased } of SITUATIONS) {
      for (const [name, , run] of TRANSITIONS) {
        let state: JobState | undefined;
        try {
          state = run(job, factsOf({ leased }))?.job.state;
        } catch {
          continue;
        }
        if (!state || !("completedAtMs" in state)) continue;
        expect(state.completedAtMs, `${name} ${title}`).to.equal("completedAtMs" in job.state ? 1 : NOW);
      }
    }
  });

  it("lead only to where leadsTo says, one step at a time", () => {
    for (const edge of LIFECYCLE) {
      if (edge.to !== "new job") expect(leadsTo(edge.from, edge.to), `${edge.from} ${edge.to}`).to.equal(true);
    }
    expect(leadsTo("SUCCESS", "WAITING")).to.equal(false);
    expect(leadsTo("CANCELLING", "SUCCESS")).to.equal(false);
    expect(leadsTo("PAUSED", "PROCESSING")).to.equal(false);
    expect(leadsTo("WAITING", "SUCCESS")).to.equal(false);
  });

  it("lead on to the end if the transaction that stops the job also drains it", () => {
    expect(leadsTo("PROCESSING", "CANCELLED")).to.equal(true);
  });

  it("are refused if a store is to write what the table denies", () => {
    const before = jobOf({ state: { status: "SUCCESS", completedAtMs: 1 } });
    const change = { job: { ...before, state: { status: "WAITING" } as const }, lines: [] };
    expect(() => transitions.checkChange(before, change)).to.throw(AssetmillError, "from SUCCESS to WAITING");
  });
});
