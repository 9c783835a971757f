import { deepStrictEqual, ok } from "node:assert/strict";
import type { Job } from "../../core/job/job.js";
import { info, type LogEntry } from "../../core/job/log-entry.js";
import { rejectsWith } from "./failing.js";
import { draftOf, partOf } from "./job-steps.js";
import type { StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const entries = (count: number, from = 0): LogEntry[] =>
  Array.from({ length: count }, (_, i) => info(`line ${from + i}`));

/** Returns the number in a line's own text; -1 for the store's own lines. */
const numberOf = (line: string): number => Number(/line (\d+)$/.exec(line)?.[1] ?? -1);
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Number of lines, including the first one, which the start writes. */
const TOTAL = 3_001;

/**
 * Appends lines one by one, many at once, and none, so that a store that groups lines has boundaries in many places.
 */
async function longLog(scene: StoreScene): Promise<Job> {
  const job = await scene.create();
  let from = 1;
  for (const count of [1, 1, 3, 500, 1_203, 1, 499, 501, 0, 291]) {
    await scene.log.append(job.id, entries(count, from));
    from += count;
  }
  return job;
}

const PAGES: readonly (readonly [offset: number, limit: number])[] = [
  [0, 1],
  [0, 500],
  [1, 10_000],
  [5, 500],
  [400, 1_000],
  [505, 1],
  [777, 1],
  [TOTAL - 2, 1],
  [TOTAL - 1, 1],
  [TOTAL - 1, 500],
  [TOTAL - 500, 500],
];

export const JOB_LOG_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a log's lines are numbered without gaps from 0, as many as the job says",
    async check(scene) {
      const job = await longLog(scene);
      const { lines, offset, hasMore } = await scene.log.read(job.id, 0, 10_000);
      deepStrictEqual([lines.length, offset, hasMore], [TOTAL, 0, false]);
      deepStrictEqual((await scene.now(job)).logLines, TOTAL);
      deepStrictEqual(lines.map(numberOf), [-1, ...upTo(TOTAL - 1)]);
    },
  },
  {
    guarantee: "a page contains the lines from its offset on, no more than its limit, and says whether there are more",
    async check(scene) {
      const job = await longLog(scene);
      for (const [offset, limit] of PAGES) {
        const page = await scene.log.read(job.id, offset, limit);
        const count = Math.min(limit, TOTAL - offset);
        const numbers = Array.from({ length: count }, (_, i) => offset + i || -1);
        const shown = { ...page, lines: page.lines.map(numberOf) };
        deepStrictEqual(shown, { lines: numbers, offset, hasMore: offset + count < TOTAL }, `${limit} from ${offset}`);
      }
    },
  },
  {
    guarantee: "a page beyond the end is empty, and says that there are no more",
    async check(scene) {
      const job = await scene.create();
      for (const offset of [1, 2, 1_000_000, Number.MAX_SAFE_INTEGER - 10]) {
        deepStrictEqual(await scene.log.read(job.id, offset, 10), { lines: [], offset, hasMore: false });
      }
    },
  },
  {
    guarantee: "pages of any size, one after the other, make up the log",
    async check(scene) {
      const job = await longLog(scene);
      const all = await scene.lines(job);
      for (const size of [7, 499, 500, 501]) {
        const lines: string[] = [];
        for (let offset = 0, more = true; more; offset += size) {
          const page = await scene.log.read(job.id, offset, size);
          lines.push(...page.lines);
          more = page.hasMore;
        }
        deepStrictEqual(lines, all, `pages of ${size}`);
      }
    },
  },
  {
    guarantee: "a tail contains the last lines, with the number of the first of them",
    async check(scene) {
      const job = await longLog(scene);
      const all = await scene.lines(job);
      for (const count of [0, 1, 500, 2_000, TOTAL, TOTAL + 1, 10_000]) {
        const offset = Math.max(0, TOTAL - count);
        deepStrictEqual(await scene.log.tail(job.id, count), { lines: all.slice(offset), offset, hasMore: false });
      }
    },
  },
  {
    guarantee: "a line keeps its number and text for ever",
    async check(scene) {
      const job = await scene.create();
      const read: string[] = [];
      for (let i = 0; i < 12; i++) {
        await scene.log.append(job.id, entries(1 + (i % 3), read.length));
        const lines = await scene.lines(job);
        deepStrictEqual(lines.slice(0, read.length), read);
        read.push(...lines.slice(read.length));
      }
    },
  },
  {
    guarantee: "a log contains its own job's lines only",
    async check(scene) {
      const [job, other] = [await scene.create(), await scene.create(draftOf({}, { paths: ["/other"] }))];
      await scene.log.append(other.id, entries(3, 1));
      deepStrictEqual((await scene.lines(other)).map(numberOf), [-1, 1, 2, 3]);
      deepStrictEqual((await scene.lines(job)).map(numberOf), [-1]);
    },
  },
  {
    guarantee: "the log of an unknown job is empty and cannot be written",
    async check(scene) {
      const nothing = { lines: [], offset: 0, hasMore: false };
      deepStrictEqual(await scene.log.read("nope", 0, 10), nothing);
      deepStrictEqual(await scene.log.tail("nope", 10), nothing);
      await rejectsWith(scene.log.append("nope", entries(1)), "JOB_NOT_FOUND", { jobId: "nope" });
    },
  },
  {
    guarantee:
      "a log that many write at once, on two nodes, has no gaps or repeats; lines written together stay together",
    async check(scene) {
      const job = await scene.create();
      const other = await scene.another();
      await Promise.all(
        Array.from({ length: 30 }, (_, i) => (i % 2 ? scene : other).log.append(job.id, entries(20, 1 + i * 20))),
      );
      const numbers = (await scene.lines(job, 1)).map(numberOf);
      for (let i = 0; i < numbers.length; i += 20) {
        const first = numbers[i] ?? 0;
        deepStrictEqual(
          numbers.slice(i, i + 20),
          upTo(20).map((n) => first + n - 1),
        );
      }
      deepStrictEqual(
        numbers.sort((a, b) => a - b),
        upTo(600),
      );
    },
  },
  {
    guarantee: "one event is one line, whatever its message, with time, level and type",
    async check(scene) {
      const job = await scene.create();
      const messages = ["a\nb", "a\r\nb", "\u2028", "", "\u0000", "\ud800", "\u{1f600}", "x".repeat(100_000), "é'\"\\"];
      await scene.log.append(job.id, [...messages.map(info), { level: "ERROR", message: "bad" }]);
      const lines = await scene.lines(job, 1);
      deepStrictEqual(lines.length, messages.length + 1);
      const form = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}: (INFO|ERROR): \[ASSET_PROCESSING\] /;
      for (const line of lines) ok(form.test(line), line.slice(0, 100));
      const said = lines.map((line) => line.replace(form, ""));
      deepStrictEqual(said.slice(0, 2), ["a\\nb", "a\\r\\nb"]);
      deepStrictEqual(said.slice(6), [...messages.slice(6), "bad"]);
    },
  },
  {
    guarantee: "a commit's lines are together, in order, before the lines of the end that it brings",
    async check(scene) {
      const job = await scene.discovered(10);
      await scene.chunks.commit([partOf(await scene.oneChunk(job), { lines: entries(1_000, 1) })]);
      const lines = await scene.lines(job);
      const begin = lines.findIndex((line) => numberOf(line) === 1);
      deepStrictEqual(lines.slice(begin, begin + 1_000).map(numberOf), upTo(1_000));
      ok(/Total 10/.test(lines[begin + 1_000] ?? ""), lines[begin + 1_000]);
      ok(/Ended SUCCESS/.test(lines.at(-1) ?? ""), lines.at(-1));
    },
  },
];
