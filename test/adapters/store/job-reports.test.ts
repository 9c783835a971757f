import { expect } from "chai";
import type { ManifestEntry } from "../../../src/core/chunk.js";
import type { Job } from "../../../src/core/job.js";
import type { Outcome, OutcomeKind, ReportedOutcome } from "../../../src/core/outcome.js";
import type { OutcomeCursor } from "../../../src/core/ports/job-reports.js";
import { assetOf, failedWith, pathsOf, SUCCEEDED, skippedFor } from "../../support/builders.js";
import { openStores, type StoreFixture } from "../../support/sqlite-store.js";
import { claimChunks, discoveredJob, draftOf, partOf } from "../../support/store-steps.js";

const COUNT = 57;
const PATHS = pathsOf(COUNT);

/** What becomes of each asset, by its number: a chunk of ten that all failed, one that all skip rules decided. */
function fateOf(i: number): { rule?: "SUB_ASSET" } | { outcome: Outcome } {
  if (i >= 20 && i < 30) return { outcome: failedWith("ALL_BAD", `number ${i}`) };
  if (i >= 30 && i < 40) return { rule: "SUB_ASSET" };
  if (i % 10 === 4) return { rule: "SUB_ASSET" };
  if (i % 10 === 7) return { outcome: failedWith("SOME_BAD", 'say "no",\n\u{1f600}') };
  if (i % 10 === 9) return { outcome: skippedFor("GONE") };
  return { outcome: i % 10 === 8 ? { ...SUCCEEDED, attempts: 2 } : SUCCEEDED };
}

const kindOf = (i: number): OutcomeKind => {
  const fate = fateOf(i);
  return "outcome" in fate ? fate.outcome.kind : "SKIPPED";
};

describe("the outcomes of a job on SQLite", function () {
  this.timeout(30_000);
  let stores: StoreFixture;
  let job: Job;

  before(async () => {
    stores = await openStores();
    const entries: ManifestEntry[] = PATHS.map((path, i) => {
      const fate = fateOf(i);
      return "outcome" in fate ? { asset: assetOf(path) } : { asset: assetOf(path), skip: "SUB_ASSET" };
    });
    job = await discoveredJob(stores, 0, { entries });
    const chunks = await claimChunks(stores, job);
    // Later chunks first, each in two parts that interleave.
    for (const chunk of [...chunks].reverse()) {
      const outcome = (_asset: unknown, index: number): Outcome => {
        const fate = fateOf((chunk.lease.chunk - 1) * 10 + index);
        return "outcome" in fate ? fate.outcome : SUCCEEDED;
      };
      const odd = chunk.open.filter((index) => index % 2 === 1);
      const even = chunk.open.filter((index) => index % 2 === 0);
      await stores.chunks.commit([partOf(chunk, { indices: odd, closes: even.length === 0, outcome })]);
      if (even.length > 0)
        await stores.chunks.commit([partOf(chunk, { part: 1, indices: even, closes: true, outcome })]);
    }
  });
  after(() => stores.close());

  async function all(limit: number, kinds?: readonly OutcomeKind[]): Promise<ReportedOutcome[]> {
    const found: ReportedOutcome[] = [];
    let after: OutcomeCursor | undefined;
    for (let pages = 0; pages < 1_000; pages++) {
      const page = await stores.reports.outcomes(job.id, {
        limit,
        ...(after ? { after } : {}),
        ...(kinds ? { kinds } : {}),
      });
      expect(page.outcomes.length).to.be.at.most(limit);
      if (page.next) expect(page.outcomes.length, "a page in the middle is full").to.equal(limit);
      found.push(...page.outcomes);
      if (!page.next) return found;
      // A cursor travels through JSON.
      after = JSON.parse(JSON.stringify(page.next)) as OutcomeCursor;
    }
    throw new Error("the pages never end");
  }

  const SUBSETS: (readonly OutcomeKind[] | undefined)[] = [
    undefined,
    ["SUCCEEDED"],
    ["FAILED"],
    ["SKIPPED"],
    ["FAILED", "SKIPPED"],
    ["SUCCEEDED", "FAILED", "SKIPPED"],
  ];
  for (const kinds of SUBSETS) {
    for (const limit of [1, 2, 3, 9, 10, 11, 57, 1_000]) {
      it(`in pages of ${limit} (${kinds ?? "all kinds"}) are every asset once, in path order`, async () => {
        const expected = PATHS.filter((_, i) => !kinds || kinds.includes(kindOf(i)));
        expect((await all(limit, kinds)).map(({ path }) => path)).to.deep.equal(expected);
      });
    }
  }

  it("are none of no kind", async () => {
    expect(await stores.reports.outcomes(job.id, { limit: 10, kinds: [] })).to.deep.equal({ outcomes: [] });
  });

  it("say what became of each asset", async () => {
    const byPath = new Map((await all(1_000)).map((outcome) => [outcome.path, outcome]));
    for (const [i, path] of PATHS.entries()) {
      const { at, ...shown } = byPath.get(path) as ReportedOutcome;
      const fate = fateOf(i);
      const expected: Record<string, unknown> = { path, outcome: kindOf(i) };
      if ("outcome" in fate) {
        const { kind: _kind, ...rest } = { warnings: [], ...fate.outcome };
        const { warnings: _warnings, ...told } = rest;
        Object.assign(expected, told);
      } else Object.assign(expected, { code: "SUB_ASSET", attempts: 0 });
      expect(shown).to.deep.equal(expected);
      expect(at).to.be.within(job.createdAtMs, Date.now() + 1_000);
    }
  });

  it("are dated when they ended, not when they were committed", async () => {
    const other = await discoveredJob(stores, 2, { draft: draftOf({}, { paths: ["/other"] }) });
    const [chunk] = await claimChunks(stores, other);
    if (!chunk) throw new Error("no chunk");
    const part = partOf(chunk);
    await stores.chunks.commit([
      { ...part, outcomes: part.outcomes.map((one) => ({ ...one, ageMs: one.index === 0 ? 1_500 : 0 })) },
    ]);
    const [a, b] = (await stores.reports.outcomes(other.id, { limit: 9 })).outcomes;
    expect((b?.at ?? 0) - (a?.at ?? 0)).to.equal(1_500);
  });

  it("are those committed so far while the job runs, skip rules' included", async () => {
    const entries = pathsOf(30).map((path, i) => ({
      asset: assetOf(path),
      ...(i === 25 ? { skip: "SUB_ASSET" as const } : {}),
    }));
    const running = await discoveredJob(stores, 0, { entries, draft: draftOf({}, { paths: ["/running"] }) });
    const chunks = await claimChunks(stores, running);
    const second = chunks[1];
    if (!second) throw new Error("no chunk");
    await stores.chunks.commit([partOf(second, { indices: [3, 4], closes: false })]);
    const { outcomes, next } = await stores.reports.outcomes(running.id, { limit: 100 });
    expect(outcomes.map(({ path }) => path)).to.deep.equal([pathsOf(30)[13], pathsOf(30)[14], pathsOf(30)[25]]);
    expect(next).to.equal(undefined);
  });

  it("after any cursor are exactly those behind it", async () => {
    for (const after of [
      { chunk: 0, index: 0 },
      { chunk: 1, index: 9 },
      { chunk: 1, index: 99 },
      { chunk: 3, index: 0 },
      { chunk: 6, index: 5 },
      { chunk: 6, index: 6 },
      { chunk: 99, index: 0 },
    ]) {
      const from = after.chunk === 0 ? 0 : Math.min((after.chunk - 1) * 10 + after.index + 1, after.chunk * 10);
      const { outcomes } = await stores.reports.outcomes(job.id, { after, limit: 1_000 });
      expect(
        outcomes.map(({ path }) => path),
        JSON.stringify(after),
      ).to.deep.equal(PATHS.slice(from));
    }
  });

  it("of an unknown job are none", async () => {
    expect(await stores.reports.outcomes("nope", { limit: 10 })).to.deep.equal({ outcomes: [] });
  });
});
