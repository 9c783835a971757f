import { expect } from "chai";
import type { Job } from "../../../src/core/job/job.js";
import { info, type LogEntry } from "../../../src/core/job/log-entry.js";
import { openStores, type StoreFixture } from "../../support/sqlite-store.js";
import { draftOf } from "../../support/store-steps.js";

const entries = (count: number, from = 0): LogEntry[] =>
  Array.from({ length: count }, (_, i) => info(`line ${from + i}`));

/** How it lies in the tables; what it says is the conformance suite's. */
describe("a job's log on SQLite", () => {
  let stores: StoreFixture;
  let job: Job;
  before(async () => {
    stores = await openStores();
    job = await stores.jobs.create(draftOf(), async () => {});
    // Blocks of every kind: single lines, a full one, more than one at once, and one that begins in the middle.
    let from = 1;
    for (const count of [1, 1, 3, 500, 1_203, 1, 499, 501, 0, 291]) {
      await stores.log.append(job.id, entries(count, from));
      from += count;
    }
  });
  after(() => stores.close());

  const TOTAL = 3_001;

  it("is kept in blocks of at most 500 lines, compressed if that saves space", async () => {
    const blocks = await stores.database.read(
      "select first_line, lines, length(text) as bytes from {log_block} where job_id = ? order by first_line",
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
});
