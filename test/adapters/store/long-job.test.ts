import { expect } from "chai";
import { claimChunks, discoveredJob, partOf } from "../../../src/testing/conformance/job-steps.js";
import { recordSql } from "../../support/recorded-sql.js";
import { openStores } from "../../support/sqlite-store.js";

describe("the statements on a long job in SQLite", () => {
  it("find each lease by its key or its state: claims and commits pass over no chunk that is DONE", async () => {
    const stores = await openStores();
    try {
      const job = await discoveredJob(stores, 300, { chunkSize: 1 });
      const statements = await recordSql(async () => {
        const [a, b] = await claimChunks(stores, job, { chunks: 20 });
        if (!a || !b) throw new Error("no chunks were claimed");
        const parts = [a, b].map((claim) => partOf(claim));
        await stores.chunks.commit(parts);
        await stores.chunks.renew([a.lease], 1_000);
        await stores.chunks.release([a.lease]);
      });
      const steps: string[] = [];
      for (const { sql, parameters } of statements) {
        if (!/^\s*(?:select|update)\b[^]*lease/i.test(sql)) continue;
        const plan = await stores.database.read(`explain query plan ${sql}`, parameters);
        steps.push(...plan.map(({ detail }) => String(detail)).filter((step) => /(?:lease\w*"?| l) /.test(step)));
      }
      const whole = steps.filter((step) => /^SCAN/.test(step) || /\(job_id=\?\)/.test(step));
      expect(steps).to.have.length.above(5);
      expect(whole).to.deep.equal([]);
    } finally {
      await stores.close();
    }
  });
});
