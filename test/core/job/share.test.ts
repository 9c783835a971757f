import { expect } from "chai";
import {
  byLag,
  type Claimant,
  lag,
  LEFT_TO_OTHERS_MS,
  shareOut,
  wantedChunks,
  weightOf,
} from "../../../src/core/job/share.js";
import { DISCOVERY } from "../../../src/core/job/lease.js";
import { jobOf } from "../../support/builders.js";

const claimant = (id: string, over: Partial<Claimant> = {}): Claimant => ({
  id,
  sequence: id.charCodeAt(0),
  weight: 16,
  held: 0,
  waitedMs: 0,
  ready: 100,
  discovery: false,
  ...over,
});

const shared = (claimants: readonly Claimant[], chunks: number, newcomers = 0, holding: readonly string[] = []) =>
  Object.fromEntries(shareOut(claimants, { chunks, newcomers, holding: new Set(holding) }));

describe("a job's share", () => {
  it("has a weight that halves with each step of priority, down to 1", () => {
    const weights = [0, 1, 5, 9].map((priority) => weightOf({ request: { ...jobOf().request, priority } }));
    expect(weights).to.deep.equal([512, 256, 16, 1]);
  });

  it("lags more the longer the job waits, the less it holds, and the heavier it is", () => {
    const base = claimant("a", { held: 1, waitedMs: 1_000 });
    expect(lag({ ...base, waitedMs: 2_000 })).to.be.greaterThan(lag(base));
    expect(lag({ ...base, held: 2 })).to.be.lessThan(lag(base));
    expect(lag({ ...base, weight: 32 })).to.equal(2 * lag(base));
    expect(lag({ ...base, waitedMs: -5 }), "a clock set back").to.equal(lag({ ...base, waitedMs: 0 }));
  });

  it("of a job that waits outgrows any other in the end", () => {
    const urgent = claimant("a", { weight: 512 });
    expect(byLag(claimant("b", { weight: 1, waitedMs: 600_000 }), urgent)).to.be.lessThan(0);
    expect(byLag(claimant("b", { weight: 1, waitedMs: 60_000 }), urgent)).to.be.greaterThan(0);
  });
});

describe("chunks shared out among jobs", () => {
  it("are shared equally between equal jobs, and by weight between others", () => {
    expect(shared([claimant("a"), claimant("b")], 10)).to.deep.equal({ a: 5, b: 5 });
    expect(shared([claimant("a", { weight: 32 }), claimant("b")], 9)).to.deep.equal({ a: 6, b: 3 });
    expect(shared([claimant("a", { weight: 512 }), claimant("b", { weight: 1 })], 20)).to.deep.equal({ a: 20 });
  });

  it("go first to the job that holds less, until it holds as much", () => {
    expect(shared([claimant("a", { held: 6 }), claimant("b")], 10)).to.deep.equal({ a: 2, b: 8 });
  });

  it("end a job's waiting: the first one makes up for it, not each", () => {
    expect(shared([claimant("a", { waitedMs: 2_000 }), claimant("b")], 4)).to.deep.equal({ a: 2, b: 2 });
  });

  it("are never more than a job has, nor more than were asked for", () => {
    const few = [claimant("a", { ready: 2 }), claimant("b", { ready: 3 }), claimant("c", { ready: 0 })];
    expect(shared(few, 10)).to.deep.equal({ a: 2, b: 3 });
    expect(shared(few, 1)).to.deep.equal({ a: 1 });
    expect(shared(few, 0)).to.deep.equal({});
  });

  it("go to every one of many equal jobs before any gets a second, the oldest first", () => {
    const many = ["a", "b", "c", "d"].map((id) => claimant(id));
    expect(shared(many, 3)).to.deep.equal({ a: 1, b: 1, c: 1 });
    expect(shared(many, 5)).to.deep.equal({ a: 2, b: 1, c: 1, d: 1 });
  });

  it("go to a job with a careful chunk before all others", () => {
    expect(shared([claimant("a"), claimant("b", { needsCare: true, held: 50 })], 1)).to.deep.equal({ b: 1 });
  });

  it("are given to newcomers, one each: the first at once, others once nobody else has taken them for a while", () => {
    const waited = { waitedMs: LEFT_TO_OTHERS_MS };
    const jobs = [claimant("a"), claimant("b"), claimant("c"), claimant("d")];
    expect(shared(jobs, 0, 8, ["a"])).to.deep.equal({ b: 1 });
    expect(shared([claimant("a"), claimant("b"), claimant("c", waited)], 0, 8, ["a"])).to.deep.equal({ c: 1 });
    const all = jobs.map((job) => ({ ...job, ...waited }));
    expect(shared(all, 0, 8, ["a"])).to.deep.equal({ b: 1, c: 1, d: 1 });
    expect(shared(all, 0, 2, ["a"])).to.deep.equal({ b: 1, c: 1 });
    expect(shared(all, 1, 8), "those that nobody took").to.deep.equal({ a: 1, b: 1, c: 1, d: 1 });
    expect(shared([claimant("a")], 1, 8), "who got a chunk is no newcomer").to.deep.equal({ a: 1 });
  });

  it("may go to a newcomer of which the worker holds only the discovery", () => {
    const discovery = { jobId: "a", chunk: DISCOVERY, epoch: 1 };
    const chunk = { jobId: "b", chunk: 1, epoch: 1 };
    const wanted = wantedChunks({ chunks: 0, newcomers: 2, holding: [discovery, chunk] });
    expect(Object.fromEntries(shareOut([claimant("a"), claimant("b")], wanted))).to.deep.equal({ a: 1 });
    expect(wantedChunks({ chunks: 3 })).to.deep.equal({ chunks: 3, newcomers: 0, holding: new Set() });
  });
});
