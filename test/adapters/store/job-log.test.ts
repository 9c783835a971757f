import { expect } from "chai";
import type { Job } from "../../../src/core/job.js";
import { info, type LogEntry } from "../../../src/core/log-entry.js";
import { rejection } from "../../support/deferred.js";
import { openStores, type StoreFixture } from "../../support/sqlite-store.js";
import { claimChunks, discoveredJob, draftOf, partOf } from "../../support/store-steps.js";

const entries = (count: number, from = 0): LogEntry[] =>
  Array.from({ length: count }, (_, i) => info(`line ${from + i}`));

/** The number that a line was given in its own text; the first line of each log is the start. */
const numberOf = (line: string): number => Number(/line (\d+)$/.exec(line)?.[1] ?? -1);

describe("a job's log on SQLite", function () {
  this.timeout(30_000);
  let stores: StoreFixture;
  let job: Job;
  before(async () => {
    stores = await openStores();
    job = await stores.jobs.create(draftOf(), () => {});
    // Blocks of every kind: single lines, a full one, more than one at once, and one that begins in the middle.
    let from = 1;
    for (const count of [1, 1, 3, 500, 1_203, 1, 499, 501, 0, 291]) {
      await stores.log.append(job.id, entries(count, from));
      from += count;
    }
  });
  after(() => stores.close());

  const TOTAL = 3_001;

  it("has so many lines, numbered without gap from 0", async () => {
    expect((await stores.jobs.get(job.id))?.logLines).to.equal(TOTAL);
    const { lines, offset, hasMore } = await stores.log.read(job.id, 0, 10_000);
    expect([lines.length, offset, hasMore]).to.deep.equal([TOTAL, 0, false]);
    expect(lines[0]).to.match(/Start by ann/);
    expect(lines.slice(1).map(numberOf)).to.deep.equal(Array.from({ length: TOTAL - 1 }, (_, i) => i + 1));
  });

  const pages: [string, number, number][] = [
    ["the first line", 0, 1],
    ["the beginning", 0, 500],
    ["the middle, across blocks", 400, 1_000],
    ["one line in the middle of a block", 777, 1],
    ["the last line", TOTAL - 1, 1],
    ["the last line and beyond", TOTAL - 1, 500],
    ["all but the first", 1, 10_000],
  ];
  for (const [title, offset, limit] of pages) {
    it(`shows ${title} (${limit} from ${offset})`, async () => {
      const page = await stores.log.read(job.id, offset, limit);
      const count = Math.min(limit, TOTAL - offset);
      expect(page.offset).to.equal(offset);
      expect(page.hasMore).to.equal(offset + count < TOTAL);
      expect(page.lines).to.have.length(count);
      page.lines.forEach((line, i) => {
        expect(numberOf(line)).to.equal(offset + i === 0 ? -1 : offset + i);
      });
    });
  }

  for (const offset of [TOTAL, TOTAL + 1, 1_000_000, Number.MAX_SAFE_INTEGER - 10]) {
    it(`shows nothing at ${offset}, and nothing more to come`, async () => {
      expect(await stores.log.read(job.id, offset, 10)).to.deep.equal({ lines: [], offset, hasMore: false });
    });
  }

  it("shows the same whatever the page size", async () => {
    const { lines: all } = await stores.log.read(job.id, 0, 10_000);
    for (const size of [1, 7, 499, 500, 501]) {
      const lines: string[] = [];
      const from = size === 1 ? 2_900 : 0;
      for (let offset = from, more = true; more; offset += size) {
        const page = await stores.log.read(job.id, offset, size);
        lines.push(...page.lines);
        more = page.hasMore;
      }
      expect(lines).to.deep.equal(all.slice(from));
    }
  });

  for (const count of [1, 500, 2_000, TOTAL, TOTAL + 1, 10_000]) {
    it(`has its last ${count} lines as its tail`, async () => {
      const page = await stores.log.tail(job.id, count);
      const shown = Math.min(count, TOTAL);
      expect(page).to.include({ offset: TOTAL - shown, hasMore: false });
      expect(page.lines).to.have.length(shown);
      expect(numberOf(page.lines.at(-1) ?? "")).to.equal(TOTAL - 1);
    });
  }

  it("has an empty tail where none is wanted", async () => {
    expect(await stores.log.tail(job.id, 0)).to.deep.equal({ lines: [], offset: TOTAL, hasMore: false });
  });

  it("is kept in blocks of at most 500 lines, compressed where that pays", async () => {
    const blocks = await stores.database.read(
      "select first_line, lines, length(text) as bytes from assetmill_log_block where job_id = ? order by first_line",
      [job.id],
    );
    let first = 0;
    for (const block of blocks) {
      expect(block.first_line).to.equal(first);
      expect(Number(block.lines)).to.be.within(1, 500);
      first += Number(block.lines);
      // A line is at least 50 characters long: a full block of them, plain, would be 25,000 bytes.
      if (block.lines === 500) expect(Number(block.bytes)).to.be.below(8_000);
    }
    expect(first).to.equal(TOTAL);
  });

  it("is each job's own", async () => {
    const other = await stores.jobs.create(draftOf({}, { paths: ["/other"] }), () => {});
    await stores.log.append(other.id, entries(3, 1));
    expect((await stores.log.read(other.id, 0, 10)).lines).to.have.length(4);
    expect((await stores.jobs.get(job.id))?.logLines).to.equal(TOTAL);
  });

  it("of an unknown job is empty, and cannot be written", async () => {
    expect((await stores.log.read("nope", 0, 10)).lines).to.deep.equal([]);
    expect(await rejection(stores.log.append("nope", entries(1)))).to.include({
      code: "JOB_NOT_FOUND",
    });
  });

  it("has no gap and no line twice where many write at once", async () => {
    const busy = await stores.jobs.create(draftOf({}, { paths: ["/busy"] }), () => {});
    const other = await stores.another();
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? stores : other).log.append(busy.id, entries(20, 1 + i * 20))),
    );
    const { lines } = await stores.log.read(busy.id, 1, 10_000);
    expect(lines.map(numberOf).sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 800 }, (_, i) => i + 1));
  });

  it("holds one line for one event, whatever it says", async () => {
    const odd = await stores.jobs.create(draftOf({}, { paths: ["/odd"] }), () => {});
    const messages = ["a\nb", "a\r\nb", "\u2028", "", "\u0000", "\ud800", "\u{1f600}", "x".repeat(100_000), "é'\"\\"];
    await stores.log.append(odd.id, messages.map(info));
    const { lines } = await stores.log.read(odd.id, 1, 100);
    expect(lines).to.have.length(messages.length);
    for (const line of lines)
      expect(line).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}: INFO: \[ASSET_PROCESSING\] /);
    expect(lines[6]?.endsWith("\u{1f600}")).to.equal(true);
    expect(lines[7]?.endsWith("x".repeat(100_000))).to.equal(true);
  });

  it("keeps a commit's lines together and in order, and before the lines of the job's end", async () => {
    const worked = await discoveredJob(stores, 10, { draft: draftOf({}, { paths: ["/worked"] }) });
    const [chunk] = await claimChunks(stores, worked);
    if (!chunk) throw new Error("no chunk");
    await stores.chunks.commit([partOf(chunk, { lines: entries(1_000) })]);
    const { lines } = await stores.log.read(worked.id, 0, 10_000);
    const begin = lines.findIndex((line) => numberOf(line) === 0);
    expect(lines.slice(begin, begin + 1_000).map(numberOf)).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => i));
    expect(lines[begin + 1_000]).to.match(/Total 10/);
    expect(lines.at(-1)).to.match(/Ended SUCCESS/);
  });
});
