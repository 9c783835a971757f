import { deepStrictEqual, ok } from "node:assert/strict";
import type { Asset } from "../../core/asset/asset.js";
import type { Job } from "../../core/job/job.js";
import { Outcomes } from "../../core/job/outcomes.js";
import type { Outcome, OutcomeKind, ReportedOutcome } from "../../core/asset/outcome.js";
import type { OutcomeCursor } from "../../core/job/cursor.js";
import type { OutcomeQuery } from "../../core/ports/job-reports.js";
import { assetOf, draftOf, failedWith, partOf, pathsOf, SUCCEEDED, skippedFor } from "./job-steps.js";
import type { StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const COUNT = 57;
const PATHS = pathsOf(COUNT);

/** Each asset's fate by its number: one chunk of ten all failed, in another skip rules decided all. */
function fateOf(i: number): Outcome | "SUB_ASSET" {
  if (i >= 20 && i < 30) return failedWith("ALL_BAD", `number ${i}`);
  if (i >= 30 && i < 40) return "SUB_ASSET";
  if (i % 10 === 4) return "SUB_ASSET";
  if (i % 10 === 7) return failedWith("SOME_BAD", 'say "no",\n\u{1f600}');
  if (i % 10 === 9) return skippedFor("GONE");
  if (i % 10 === 5) return { ...skippedFor("BY_HANDLER"), message: "none of mine", handler: "h", attempts: 3 };
  return i % 10 === 8 ? { ...SUCCEEDED, attempts: 2 } : SUCCEEDED;
}

const kindOf = (i: number): OutcomeKind => {
  const fate = fateOf(i);
  return fate === "SUB_ASSET" ? "SKIPPED" : fate.kind;
};

/** Returns how a fate is reported, without its time. */
function reportedFate(i: number): Omit<ReportedOutcome, "at"> {
  const [path, fate] = [PATHS[i] ?? "", fateOf(i)];
  if (fate === "SUB_ASSET") return { path, outcome: "SKIPPED", code: fate, attempts: 0 };
  if (fate.kind === "SUCCEEDED") return { path, outcome: "SUCCEEDED", attempts: fate.attempts };
  const { kind, ...told } = fate;
  return { path, outcome: kind, ...told };
}

/** Later chunks are committed first, each in two parts that interleave. */
async function endedJob(scene: StoreScene): Promise<Job> {
  const entries = PATHS.map((path, i) => ({
    asset: assetOf(path),
    ...(fateOf(i) === "SUB_ASSET" ? { skip: "SUB_ASSET" as const } : {}),
  }));
  const job = await scene.discovered(0, { entries });
  for (const chunk of [...(await scene.claim(job))].reverse()) {
    const outcome = (_asset: unknown, index: number): Outcome => {
      const fate = fateOf((chunk.lease.chunk - 1) * 10 + index);
      if (fate === "SUB_ASSET") throw new Error(`${index} is not open`);
      return fate;
    };
    const odd = chunk.open.filter((index) => index % 2 === 1);
    const even = chunk.open.filter((index) => index % 2 === 0);
    await scene.chunks.commit([partOf(chunk, { indices: odd, closes: false, outcome })]);
    await scene.chunks.commit([partOf(chunk, { part: 1, indices: even, closes: true, outcome })]);
  }
  return job;
}

const SUBSETS: readonly (readonly OutcomeKind[] | undefined)[] = [
  undefined,
  ["SUCCEEDED"],
  ["FAILED"],
  ["SKIPPED"],
  ["FAILED", "SKIPPED"],
  ["SUCCEEDED", "FAILED", "SKIPPED"],
];

type Paged = readonly { readonly path: string }[];

/** Reads all pages. Fails if a page before the last is not full. */
async function allPages(
  limit: number,
  kinds: readonly OutcomeKind[] | undefined,
  read: (query: OutcomeQuery) => Promise<{ readonly items: Paged; readonly next?: OutcomeCursor }>,
): Promise<readonly string[]> {
  const found: string[] = [];
  let after: OutcomeCursor | undefined;
  for (let pages = 0; pages < 1_000; pages++) {
    const { items, next } = await read({ limit, ...(after ? { after } : {}), ...(kinds ? { kinds } : {}) });
    found.push(...items.map(({ path }) => path));
    if (!next) return found;
    deepStrictEqual(items.length, limit, "a page in the middle is full");
    // Callers send cursors through JSON.
    after = JSON.parse(JSON.stringify(next)) as OutcomeCursor;
  }
  throw new Error("the pages never end");
}

const LIMITS = [1, 2, 3, 9, 10, 11, COUNT, 1_000];

const ofKinds = (kinds: readonly OutcomeKind[] | undefined): readonly string[] =>
  PATHS.filter((_, i) => !kinds || kinds.includes(kindOf(i)));

const CURSORS: readonly (readonly [OutcomeCursor, from: number])[] = [
  [{ chunk: 0, index: 0 }, 0],
  [{ chunk: 1, index: 0 }, 1],
  [{ chunk: 1, index: 9 }, 10],
  [{ chunk: 1, index: 99 }, 10],
  [{ chunk: 3, index: 0 }, 21],
  [{ chunk: 6, index: 5 }, 56],
  [{ chunk: 6, index: 6 }, 57],
  [{ chunk: 99, index: 0 }, 57],
  [{ chunk: 1, index: 2_147_483_647 }, 10],
  [{ chunk: 2_147_483_647, index: 2_147_483_647 }, 57],
];

export const JOB_REPORTS_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "outcomes list every asset once, in path order, for any page size and any kinds",
    async check(scene) {
      const { id } = await endedJob(scene);
      for (const kinds of SUBSETS) {
        for (const limit of LIMITS) {
          const paths = await allPages(limit, kinds, async (query) => {
            const { outcomes, ...next } = await scene.reports.outcomes(id, query);
            ok(outcomes.length <= limit, `a page of ${outcomes.length}`);
            return { items: outcomes, ...next };
          });
          deepStrictEqual(paths, ofKinds(kinds), `pages of ${limit}, ${kinds?.join() ?? "all kinds"}`);
        }
      }
    },
  },
  {
    guarantee: "assets are listed as discovery saw them, in path order, for any page size and kind of outcome",
    async check(scene) {
      const { id } = await endedJob(scene);
      for (const kinds of SUBSETS) {
        for (const limit of [1, 10, 1_000]) {
          const paths = await allPages(limit, kinds, async (query) => {
            const { assets, ...next } = await scene.reports.assets(id, query);
            for (const asset of assets) deepStrictEqual<Asset>(asset, assetOf(asset.path));
            return { items: assets, ...next };
          });
          deepStrictEqual(paths, ofKinds(kinds), `pages of ${limit}, ${kinds?.join() ?? "all kinds"}`);
        }
      }
    },
  },
  {
    guarantee: "an outcome says what became of its asset: code, message, handler, attempts, and when",
    async check(scene) {
      const job = await endedJob(scene);
      const { outcomes } = await scene.reports.outcomes(job.id, { limit: 1_000 });
      for (const { at } of outcomes) ok(at >= job.createdAtMs && at < job.createdAtMs + 600_000, `at ${at}`);
      const told = outcomes.map(({ at: _at, ...rest }) => rest);
      deepStrictEqual(
        told,
        PATHS.map((_, i) => reportedFate(i)),
      );
    },
  },
  {
    guarantee: "an outcome is dated when it ended, not when it was committed",
    async check(scene) {
      const job = await scene.discovered(2);
      const part = partOf(await scene.oneChunk(job));
      const aged = [...part.outcomes].map((one) => ({ ...one, ageMs: one.index === 0 ? 1_500 : 0 }));
      await scene.chunks.commit([{ ...part, outcomes: Outcomes.of(aged) }]);
      const [a, b] = (await scene.reports.outcomes(job.id, { limit: 9 })).outcomes;
      deepStrictEqual((b?.at ?? 0) - (a?.at ?? 0), 1_500);
    },
  },
  {
    guarantee:
      "while a job runs, its outcomes are those committed so far and those of skip rules; its assets are complete",
    async check(scene) {
      const entries = pathsOf(30).map((path, i) => ({
        asset: assetOf(path),
        ...(i === 25 ? { skip: "SUB_ASSET" as const } : {}),
      }));
      const job = await scene.discovered(0, { entries });
      const [, second] = await scene.twoChunks(job);
      await scene.chunks.commit([partOf(second, { indices: [3, 4], closes: false })]);
      const { next } = await scene.reports.outcomes(job.id, { limit: 100 });
      deepStrictEqual(next, undefined);
      deepStrictEqual(
        await scene.outcomePaths(job),
        [13, 14, 25].map((i) => pathsOf(30)[i]),
      );
      const { assets } = await scene.reports.assets(job.id, { limit: 100 });
      deepStrictEqual(
        assets.map(({ path }) => path),
        pathsOf(30),
      );
    },
  },
  {
    guarantee: "outcomes and assets after any cursor are exactly those behind it",
    async check(scene) {
      const { id } = await endedJob(scene);
      for (const [after, from] of CURSORS) {
        const { outcomes } = await scene.reports.outcomes(id, { after, limit: 1_000 });
        const { assets } = await scene.reports.assets(id, { after, limit: 1_000 });
        for (const items of [outcomes, assets]) {
          deepStrictEqual(
            items.map(({ path }) => path),
            PATHS.slice(from),
            JSON.stringify(after),
          );
        }
      }
    },
  },
  {
    guarantee: "a requested path returns its outcome, null if it has none yet, undefined if the job has not found it",
    async check(scene) {
      const paths = pathsOf(35);
      const job = await scene.discovered(0, { entries: paths.map((path) => ({ asset: assetOf(path) })) });
      const [, second] = await scene.twoChunks(job);
      await scene.chunks.commit([partOf(second, { outcome: () => failedWith("X") })]);
      const asked = ["/a", "/root", ...paths, "/root/a0034/b", "/root/b", "/root-a"];
      const found = await scene.reports.outcomesAt(job.id, asked);
      const shown = found.map((outcome) => outcome && [outcome.path, outcome.code]);
      const expected = asked.map((path) => {
        const i = paths.indexOf(path);
        return i < 0 ? undefined : i >= 10 && i < 20 ? [path, "X"] : null;
      });
      deepStrictEqual(shown, expected);
      deepStrictEqual(await scene.reports.outcomesAt(job.id, [paths[14] ?? ""]), [found[16]]);
    },
  },
  {
    guarantee: "reports are empty for no kinds, for an unknown job, and for no paths",
    async check(scene) {
      const { id } = await scene.discovered(3, { draft: draftOf() });
      const of = (jobId: string, kinds?: readonly OutcomeKind[]) => {
        const query = { limit: 10, ...(kinds ? { kinds } : {}) };
        return Promise.all([scene.reports.outcomes(jobId, query), scene.reports.assets(jobId, query)]);
      };
      deepStrictEqual(await of(id, []), [{ outcomes: [] }, { assets: [] }]);
      deepStrictEqual(await of("nope"), [{ outcomes: [] }, { assets: [] }]);
      deepStrictEqual(await scene.reports.outcomesAt("nope", ["/root/a0000"]), [undefined]);
      deepStrictEqual(await scene.reports.outcomesAt(id, []), []);
    },
  },
];
