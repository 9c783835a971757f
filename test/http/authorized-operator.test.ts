import { expect } from "chai";
import { AssetmillError } from "../../src/core/errors.js";
import type { AccessPolicy } from "../../src/core/ports/access-policy.js";
import type { HistoryPage, JobOperator } from "../../src/core/ports/job-operator.js";
import { AuthorizedOperator } from "../../src/http/authorized-operator.js";
import { pathAccessPolicy } from "../../src/http/path-access-policy.js";
import { FakeOperator, uuid } from "./fake-operator.js";

const ANN = { name: "ann" };

/** What each method needs, and how it is called about job 1 (on /a and /b) or about these paths. */
const CALLS: Readonly<Record<keyof JobOperator, [action: "read" | "process", call: (o: JobOperator) => unknown]>> = {
  start: ["process", (o) => o.start({ paths: ["/a", "b/"], type: "T" }, "root")],
  startOrJoin: ["process", (o) => o.startOrJoin({ paths: ["/a", "b/"], type: "T" }, "root")],
  join: ["process", (o) => o.join(uuid(1))],
  status: ["read", (o) => o.status(uuid(1))],
  summary: ["read", (o) => o.summary(uuid(1))],
  cancel: ["process", (o) => o.cancel(uuid(1), "root")],
  pause: ["process", (o) => o.pause(uuid(1), "root")],
  resume: ["process", (o) => o.resume(uuid(1), "root")],
  restart: ["process", (o) => o.restart(uuid(1), "root")],
  retryFailed: ["process", (o) => o.retryFailed(uuid(1), "root")],
  history: ["read", (o) => o.history()],
  logs: ["read", (o) => o.logs(uuid(1))],
  outcomes: ["read", (o) => o.outcomes(uuid(1), { limit: 1 })],
  events: ["read", (o) => o.events(uuid(1))[Symbol.asyncIterator]().next()],
  results: ["read", (o) => o.results("//b/x/")],
  askAssetStatus: ["read", (o) => o.askAssetStatus({ paths: ["/a", "b/"] }, "root")],
  assetStatus: ["read", (o) => o.assetStatus(uuid(1))],
};

const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return "allowed";
  } catch (error) {
    return AssetmillError.is(error) ? error.code : error;
  }
};

/** A policy that allows this alone, and what it was asked. */
function only(action: string, ...paths: readonly string[]): AccessPolicy & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    allows: async (principal, path, wanted) => {
      asked.push([principal.name, path, wanted]);
      return wanted === action && paths.includes(path);
    },
  };
}

const operatorWithJob = (): FakeOperator => {
  const operator = new FakeOperator();
  operator.withJob({ path: "/job", paths: ["/a", "/b"] });
  return operator;
};

describe("the operator as restricted to one caller", () => {
  const { history: _, ...others } = CALLS;
  for (const [name, [action, call]] of Object.entries(others)) {
    it(`requires ${action} on all paths for ${name}, and reaches nothing without it`, async () => {
      const other = action === "read" ? "process" : "read";
      for (const policy of [only(other, "/a", "/b", "/b/x"), only(action, "/a"), only(action)]) {
        const operator = operatorWithJob();
        expect(await codeOf(() => call(new AuthorizedOperator(operator, ANN, policy)))).to.equal("FORBIDDEN");
        expect(operator.calls.filter((made) => made.name !== "status" || name === "start")).to.deep.equal([]);
      }
      const operator = operatorWithJob();
      const allowing = only(action, "/a", "/b", "/b/x");
      expect(await codeOf(() => call(new AuthorizedOperator(operator, ANN, allowing)))).to.equal("allowed");
      expect(operator.calls.map((made) => made.name)).to.include(name === "startOrJoin" ? "start" : name);
      for (const [principal] of allowing.asked as [string][]) expect(principal).to.equal("ann");
    });
  }

  it("acts in the caller's name, whatever name it is given", async () => {
    for (const policy of [undefined, only("process", "/a", "/b")]) {
      for (const [name, [action, call]] of Object.entries(CALLS)) {
        // Joining changes nothing, so it is told no name.
        if (action !== "process" || name === "join") continue;
        const operator = operatorWithJob();
        await call(new AuthorizedOperator(operator, ANN, policy));
        const made = operator.calls.find((each) => each.name !== "status");
        expect(made?.args, name).to.include("ann").and.not.include("root");
      }
    }
  });

  it("asks for no status of its own if there is no policy", async () => {
    const operator = operatorWithJob();
    await new AuthorizedOperator(operator, ANN, undefined).logs(uuid(1));
    expect(operator.calls.map(({ name }) => name)).to.deep.equal(["logs"]);
  });

  it("distinguishes an unknown job from a hidden one", async () => {
    const guarded = new AuthorizedOperator(operatorWithJob(), ANN, only("read"));
    expect(await codeOf(() => guarded.logs(uuid(1)))).to.equal("FORBIDDEN");
    expect(await codeOf(() => guarded.logs(uuid(2)))).to.equal("JOB_NOT_FOUND");
  });

  it("still names the request's own mistakes", async () => {
    const guarded = new AuthorizedOperator(new FakeOperator(), ANN, only("process"));
    const error = await guarded.start({ paths: ["/a", "/b/../c"], type: "T" }).catch((thrown: unknown) => thrown);
    expect(error).to.have.nested.property("ids.field", "paths[1]");
  });

  it("lets nobody through if the policy cannot decide", async () => {
    const failing: AccessPolicy = { allows: () => Promise.reject(new AssetmillError("UNAVAILABLE", "no directory")) };
    const operator = operatorWithJob();
    const guarded = new AuthorizedOperator(operator, ANN, failing);
    expect(await codeOf(() => guarded.start({ path: "/a", type: "T" }))).to.equal("UNAVAILABLE");
    expect(operator.calls).to.deep.equal([]);
  });

  for (const [readable, says] of [
    [["/rival"], /job .* is active on \/rival/],
    [[], /another user's job/],
  ] as const) {
    it(`${readable.length > 0 ? "names a readable" : "hides an unreadable"} rival job when it refuses a start`, async () => {
      const operator = new FakeOperator();
      const { processingId } = operator.withJob({ path: "/rival", paths: ["/rival"] });
      const policy: AccessPolicy = {
        allows: (_principal, path, action) => action === "process" || (readable as readonly string[]).includes(path),
      };
      const error = await new AuthorizedOperator(operator, ANN, policy)
        .start({ path: "/rival", type: "T" })
        .catch((thrown: unknown) => thrown);
      expect(error).to.have.property("code", "PATH_BUSY");
      expect((error as AssetmillError).message).to.match(says);
      expect((error as AssetmillError).ids.jobId).to.equal(readable.length > 0 ? processingId : undefined);
    });
  }
});

describe("a history under a policy", () => {
  /** Numbered jobs, newest first; every third is readable. A page has no more than `most`, as if they were large. */
  class ManyJobs extends FakeOperator {
    readonly #count: number;
    readonly #most: number;
    asked = 0;

    constructor(count: number, most = Number.POSITIVE_INFINITY) {
      super();
      this.#count = count;
      this.#most = most;
    }

    override async history({ limit = 20, before }: { limit?: number; before?: string } = {}) {
      this.asked++;
      const from = before === undefined ? this.#count : numberOf(before);
      const length = Math.min(limit, this.#most, Math.max(from - 1, 0));
      const numbers = Array.from({ length }, (_, i) => from - 1 - i);
      const template = operatorWithJob();
      const report = await template.status(uuid(1));
      const last = numbers.at(-1) ?? 1;
      return {
        jobs: numbers.map((n) => ({ ...report, processingId: uuid(n), paths: [n % 3 === 0 ? "/mine" : "/other"] })),
        ...(last > 1 ? { next: uuid(last) } : {}),
      };
    }
  }
  const mine = only("read", "/mine");
  const numberOf = (processingId: string): number => Number(processingId.slice(-12));
  const numbersOf = ({ jobs }: HistoryPage): readonly number[] =>
    jobs.map(({ processingId }) => numberOf(processingId));

  it("leaves out jobs that the caller may not read, and still returns as many as requested", async () => {
    const guarded = new AuthorizedOperator(new ManyJobs(1_000), ANN, mine);
    const page = await guarded.history({ limit: 7 });
    expect(numbersOf(page)).to.deep.equal(Array.from({ length: 7 }, (_, i) => 999 - 3 * i));
    expect(numbersOf(await guarded.history({ limit: 2, before: page.next ?? "" }))).to.deep.equal([978, 975]);
  });

  it("ends if there are no more jobs, and after 10,000 have been checked", async () => {
    const all = await new AuthorizedOperator(new ManyJobs(31), ANN, mine).history({ limit: 100 });
    expect([all.jobs.length, all.next]).to.deep.equal([10, undefined]);
    const endless = new ManyJobs(1_000_000);
    expect(await new AuthorizedOperator(endless, ANN, only("read")).history({ limit: 5 })).to.deep.equal({ jobs: [] });
    expect(endless.asked).to.be.lessThan(15);
  });

  it("ends its page where the jobs are large, and leads to every readable job once by readable jobs alone", async () => {
    for (const [most, limit] of [
      [2, 1_000],
      [4, 3],
      [10, 7],
      [1_000, 1],
    ] as const) {
      const jobs = new ManyJobs(301, most);
      const guarded = new AuthorizedOperator(jobs, ANN, mine);
      const seen: number[] = [];
      let next: string | undefined;
      do {
        const page = await guarded.history({ limit, ...(next === undefined ? {} : { before: next }) });
        expect(page.jobs.length).to.be.at.most(Math.min(limit, most));
        if (page.next !== undefined) expect(numberOf(page.next)).to.equal(numbersOf(page).at(-1));
        seen.push(...numbersOf(page));
        next = page.next;
      } while (next !== undefined);
      expect(seen).to.deep.equal(Array.from({ length: 100 }, (_, i) => 300 - 3 * i));
    }
  });

  it("leaves out a job with a path that the caller may not read, even if the list does not show that path", async () => {
    for (const hidden of ["/mine", "/other"]) {
      const operator = new FakeOperator();
      const whole = operator.withJob({ paths: ["/mine", hidden] });
      operator.history = async () => ({ jobs: [{ ...whole, paths: ["/mine"], pathsCount: 2 }] });
      const { jobs } = await new AuthorizedOperator(operator, ANN, mine).history();
      expect(jobs.length, hidden).to.equal(hidden === "/mine" ? 1 : 0);
    }
  });
});

describe("pathAccessPolicy", () => {
  const policy = pathAccessPolicy([
    { principal: "ann", paths: ["/a/b", "c/"] },
    { principal: "bert", paths: ["/"], actions: ["read"] },
    { principal: "*", paths: ["/public"], actions: ["read"] },
  ]);
  const cases: [who: string, path: string, action: "read" | "process", allowed: boolean][] = [
    ["ann", "/a/b", "process", true],
    ["ann", "/a/b/c/d", "read", true],
    ["ann", "/a/bc", "read", false],
    ["ann", "/a", "read", false],
    ["ann", "/", "read", false],
    ["ann", "/c/x", "process", true],
    ["ann", "/public/x", "read", true],
    ["ann", "/public/x", "process", false],
    ["bert", "/a/b", "read", true],
    ["bert", "/a/b", "process", false],
    ["carl", "/a/b", "read", false],
    ["carl", "/public", "read", true],
    ["Ann", "/a/b", "read", false],
  ];
  for (const [who, path, action, allowed] of cases) {
    it(`${who} may ${allowed ? "" : "not "}${action} ${path}`, () => {
      expect(policy.allows({ name: who }, path, action)).to.equal(allowed);
    });
  }

  it("rejects nonsensical rules, naming them", () => {
    for (const [rule, field] of [
      [{ principal: "", paths: ["/"] }, "rules[1].principal"],
      [{ principal: "x", paths: ["/a/../b"] }, "rules[1].paths[0]"],
      [{ principal: "x", paths: ["/"], actions: ["write"] }, "rules[1].actions"],
    ] as const) {
      expect(() => pathAccessPolicy([{ principal: "y", paths: [] }, rule as never]))
        .to.throw(AssetmillError)
        .with.nested.property("ids.field", field);
    }
  });
});
