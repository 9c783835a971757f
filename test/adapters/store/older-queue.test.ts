import { expect } from "chai";
import { PostgresDatabase, SqliteDatabase } from "../../../src/adapters/sql/index.js";
import { SCHEMA } from "../../../src/composition/databases.js";
import { refuseStart } from "../../../src/core/operator/overlap.js";
import { claimRequest, draftAt } from "../../../src/testing/conformance/job-steps.js";
import { rejection } from "../../support/deferred.js";
import { freshSchema, sharedPostgres } from "../../support/postgres-server.js";
import { storesOn } from "../../support/sqlite-store.js";
import { tempFolder } from "../../support/temp-folder.js";

const OLD = SCHEMA.migrations.filter(({ name }) => !name.startsWith("JobQueue"));

const openers = {
  SQLite: async (migrations: typeof OLD, place: string) =>
    SqliteDatabase.open({ file: `${place}/old.sqlite`, entities: SCHEMA.entities, migrations }),
  PostgreSQL: async (migrations: typeof OLD, _place: string, schema: string) => {
    const { url } = await sharedPostgres();
    return PostgresDatabase.open({ url, schema, poolSize: 2, entities: SCHEMA.entities, migrations });
  },
};

for (const [engine, open] of Object.entries(openers)) {
  describe(`a store on ${engine} from before queues went by index`, () => {
    it("keeps what its active jobs hold, and in which order its queued ones run", async () => {
      const { folder, remove } = await tempFolder();
      const schema = freshSchema();
      const old = await open(OLD, folder, schema);
      const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()] as const;
      const rows = [
        { id: ids[0], status: "WAITING", request: draftAt("/root/a").request },
        { id: ids[1], status: "WAITING", request: draftAt("/root", { onOverlap: "queue" }).request },
        { id: ids[2], status: "SUCCESS", request: draftAt("/ended").request },
        { id: ids[3], status: "PAUSED", request: "damaged" },
      ];
      for (const { id, status, request } of rows) {
        const text = typeof request === "string" ? request : JSON.stringify(request);
        await old.write(async (tx) => {
          await tx.query(
            `insert into {job} (id, type, repository, status, priority, request, handlers, created_by, created_at_ms, tally,
               attempt_base, pace, holds, queued)
             values (?, ?, ?, ?, 5, ?, '["h"]', 'ann', 1, '{"types":{},"skips":{}}', '{"failed":0,"processed":0}',
               '{"types":{},"workedMs":0}', 1, ?)`,
            [id, draftAt("/x").request.type, "folder:/r", status, text, text.includes("queue") ? 1 : 0],
          );
          await tx.query(`insert into {lease} (job_id, chunk, state, next_chunk) values (?, 0, 'READY', 1)`, [id]);
        });
      }
      await old.close();

      const database = await open(SCHEMA.migrations, folder, schema);
      try {
        const { jobs, chunks } = storesOn(database);
        const start = (path: string) => {
          const draft = draftAt(path);
          return jobs.create(draft, (others) => refuseStart(draft.request, others));
        };
        const claimed = async () => (await chunks.claim(claimRequest({ discoveries: 9 }))).map(({ job }) => job.id);
        expect(await rejection(start("/root/a/b"))).to.have.nested.property("ids.jobId", ids[0]);
        expect(await rejection(start("/root/c"))).to.have.nested.property("ids.jobId", ids[1]);
        expect(await rejection(start("/"))).to.have.nested.property("ids.jobId", ids[0]);
        // What is damaged may be about any path.
        expect(await rejection(start("/ended"))).to.have.nested.property("ids.jobId", ids[3]);
        expect(await claimed())
          .to.include(ids[0])
          .and.not.include(ids[1]);
        expect(await claimed()).to.deep.equal([]);
        await jobs.update(ids[0], ({ job, facts: { nowMs } }) => ({
          job: { ...job, state: { status: "CANCELLING" }, startedAtMs: nowMs },
          lines: [],
        }));
        await chunks.release([{ jobId: ids[0], chunk: 0, epoch: 1 }]);
        expect(await claimed()).to.deep.equal([ids[1]]);
      } finally {
        await database.close();
        await remove();
      }
    });
  });
}
