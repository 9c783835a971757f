import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { TypeOrmJobRetention } from "../../../src/adapters/store/index.js";
import { AssetmillError } from "../../../src/core/errors.js";
import type { Job } from "../../../src/core/job/job.js";
import { cancel } from "../../../src/core/job/job-transitions.js";
import type { RetentionRule } from "../../../src/core/ports/job-retention.js";
import { retain } from "../../../src/core/operator/retain.js";
import { rejection } from "../../support/deferred.js";
import { ManualClock } from "../../support/manual-clock.js";
import { openPostgresStores } from "../../support/postgres-store.js";
import { openStores, type Stores } from "../../support/sqlite-store.js";
import { claimChunks, discoveredJob, draftOf, partOf } from "../../support/store-steps.js";

const TABLES = ["job", "lease", "chunk", "outcome_part", "log_block"];

for (const [name, open] of [
  ["SQLite", openStores],
  ["PostgreSQL", openPostgresStores],
] as const) {
  describe(`retention on ${name}`, () => {
    let stores: Stores & { close(): Promise<void> };
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    async function ended(draft: Parameters<typeof draftOf>[0] = {}): Promise<Job> {
      const job = await discoveredJob(stores, 10, { draft: draftOf({ id: randomUUID(), ...draft }) });
      const [chunk] = await claimChunks(stores, job);
      if (!chunk) throw new Error("nothing to claim");
      return (await stores.chunks.commit([partOf(chunk)]))[0]?.job ?? job;
    }

    const retention = () => new TypeOrmJobRetention(stores.database);
    const run = (rule: RetentionRule): Promise<number> =>
      retain(retention(), rule, new ManualClock({ autoAdvance: true }), new AbortController().signal);
    const ids = async (): Promise<readonly string[]> =>
      (await stores.jobs.list({ limit: 100 })).jobs.map(({ id }) => id);
    const rows = async (id: string): Promise<readonly number[]> => {
      const counts = TABLES.map((table) =>
        stores.database.read(`select count(*) as n from {${table}} where ${table === "job" ? "id" : "job_id"} = ?`, [
          id,
        ]),
      );
      return (await Promise.all(counts)).map(([row]) => Number(row?.n));
    };

    it("deletes jobs that ended too long ago with everything they had, and nothing else", async () => {
      const old = await ended();
      expect(await run({ maxAgeMs: 3_600_000 })).to.equal(0);
      expect(await run({ maxAgeMs: -1_000 })).to.equal(1);
      expect(await rows(old.id)).to.deep.equal([0, 0, 0, 0, 0]);
    });

    it("keeps the given number of newest jobs", async () => {
      const all: Job[] = [];
      for (let i = 0; i < 5; i++) all.push(await ended());
      expect(await run({ maxJobs: 2 })).to.equal(3);
      expect(await ids()).to.deep.equal([all[4]?.id, all[3]?.id]);
      expect(await run({ maxJobs: 2 })).to.equal(0);
      expect(await run({})).to.equal(0);
    });

    it("never deletes an active job, or one that a kept job was restarted from or takes its failures from", async () => {
      const failed = await ended();
      const first = await ended();
      const draft = draftOf({ id: randomUUID(), restartedFrom: first.id }, { failedOf: failed.id });
      const active = await discoveredJob(stores, 10, { draft });
      const other = await ended();
      expect(await run({ maxAgeMs: -1_000, maxJobs: 0 })).to.equal(1);
      expect(await ids())
        .to.have.members([failed.id, first.id, active.id])
        .and.not.include(other.id);
      await stores.jobs.update(active.id, ({ job, facts }) => cancel(job, "ann", { ...facts, leased: false }));
      expect(await run({ maxAgeMs: -1_000 }), "the others went once nothing referred to them").to.equal(3);
    });

    it("deletes an idempotency key with its job: from the first step on it is free", async () => {
      const idempotency = { key: "k", fingerprint: "f" };
      const keyed = await ended({ idempotency });
      await retention().step({ maxJobs: 0 });
      expect(await stores.jobs.byKey(keyed.createdBy, "k")).to.equal(undefined);
      const again = await ended({ idempotency: { ...idempotency, fingerprint: "another body" } });
      expect(again.id).to.not.equal(keyed.id);
      expect(await run({})).to.equal(1);
      expect(await ids()).to.deep.equal([again.id]);
      expect((await stores.jobs.byKey(again.createdBy, "k"))?.jobId).to.equal(again.id);
    });

    it("hides a job from the first step on, and nothing may refer to it; another node completes the deletion", async () => {
      const job = await ended();
      expect(await retention().step({ maxJobs: 0 })).to.deep.equal({ deleted: 0, more: true });
      expect(await stores.jobs.get(job.id)).to.equal(undefined);
      expect(await ids()).to.deep.equal([]);
      for (const refused of [
        stores.jobs.update(job.id, ({ job: seen, facts }) => cancel(seen, "ann", facts)),
        stores.jobs.create(draftOf({ restartedFrom: job.id }), async () => {}),
      ]) {
        const error = await rejection(refused);
        expect(AssetmillError.is(error) && error.code).to.equal("JOB_NOT_FOUND");
      }
      expect(await run({})).to.equal(1);
      expect(await rows(job.id)).to.deep.equal([0, 0, 0, 0, 0]);
    });

    it("deletes a big job in small steps", async () => {
      const job = await discoveredJob(stores, 3_000, { chunkSize: 2 });
      await stores.jobs.update(job.id, ({ job: seen, facts }) => cancel(seen, "ann", { ...facts, leased: false }));
      let steps = 0;
      let before = await rows(job.id);
      for (let more = true; more; steps++) {
        ({ more } = await retention().step({ maxJobs: 0 }));
        const after = await rows(job.id);
        const gone = before.reduce((sum, count, i) => sum + count - (after[i] ?? 0), 0);
        expect(gone, "rows in one transaction").to.be.at.most(500);
        before = after;
      }
      expect(before).to.deep.equal([0, 0, 0, 0, 0]);
      expect(steps).to.be.greaterThan(6);
    });
  });
}
