import { expect } from "chai";
import { refuseStart } from "../../../src/core/operator/overlap.js";
import { claimRequest, draftAt } from "../../../src/testing/conformance/job-steps.js";
import { openPostgresStores } from "../../support/postgres-store.js";
import { countRows, recordSql } from "../../support/recorded-sql.js";
import { openStores, type Stores } from "../../support/sqlite-store.js";

const FEW = 200;
const MANY = 600;

/** What a node asks for, whatever the number of jobs. Claims one job's discovery. */
async function work({ jobs, chunks }: Stores, i: number): Promise<void> {
  const draft = draftAt(`/start/${i}`, i % 2 ? {} : { onOverlap: "queue" });
  await jobs.create(draft, async (others) => {
    await refuseStart(draft.request, others);
    await others.active(10_000);
  });
  await jobs.update(draft.id, async ({ job, others }) => {
    await refuseStart(job.request, others);
    return { job, lines: [] };
  });
  await chunks.waiting(claimRequest());
  await chunks.claim(claimRequest({ discoveries: 1 }));
  await chunks.claim(claimRequest({ discoveries: 0 }));
  await chunks.claim(claimRequest({ chunks: 0, discoveries: 1, alone: true }));
  await chunks.reap(() => false);
}

async function queue({ jobs }: Stores, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const at = [`/free/${i}`, "/shared", `/start/below/${i}`][i % 3] ?? "";
    await jobs.create(draftAt(at, { onOverlap: "queue" }), async () => {});
  }
}

for (const [engine, open] of [
  ["SQLite", openStores],
  ["PostgreSQL", openPostgresStores],
] as const) {
  describe(`a long queue on ${engine}`, () => {
    let stores: Stores & { close(): Promise<void> };
    before(async () => {
      stores = await open();
    });
    after(() => stores.close());

    it("costs starts and claims no more rows than a short one", async () => {
      await queue(stores, 0, FEW);
      // The statements that are made only once.
      await work(stores, 0);
      const few = await countRows(() => work(stores, 1));
      await queue(stores, FEW, MANY);
      const many = await countRows(() => work(stores, 2));
      expect(many).to.be.at.most(few + 20);
    });
  });
}

describe("the statements on a long queue in SQLite", () => {
  it("go by indexes that hold only what they ask for", async () => {
    const stores = await openStores();
    try {
      await queue(stores, 0, FEW);
      const walked: string[] = [];
      for (const { sql, parameters } of await recordSql(() => work(stores, 0))) {
        if (!/^\s*(?:select|update|delete|insert|with)\b/i.test(sql)) continue;
        const plan = await stores.database.read(`explain query plan ${sql}`, parameters);
        const steps = plan.map(({ detail }) => String(detail));
        const long = steps.filter(
          (step) =>
            /^SCAN (?!\w+ USING (?:COVERING )?INDEX \w*(?:job_to_end|job_claimable|lease_leased|lease_careful))/.test(
              step,
            ) && /^SCAN (?:\S*(?:job|lease|held_path)\b|j\b|l\b|h\b)/.test(step),
        );
        // Counting the active jobs ends at the limit.
        if (!/as active from/.test(sql)) long.push(...steps.filter((step) => /job_by_status (?!.*rowid=)/.test(step)));
        walked.push(...long.map((step) => `${step}: ${sql}`));
      }
      expect(walked.join("\n")).to.equal("");
    } finally {
      await stores.close();
    }
  });
});
