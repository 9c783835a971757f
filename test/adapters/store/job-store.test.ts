import { expect } from "chai";
import { AssetmillError } from "../../../src/core/errors.js";
import type { Job } from "../../../src/core/job/job.js";
import { cancel } from "../../../src/core/job/job-transitions.js";
import { listedReportOf } from "../../../src/core/job/job-report.js";
import { refuseStart } from "../../../src/core/operator/overlap.js";
import { rejection } from "../../support/deferred.js";
import { openStores, type StoreFixture, type Stores } from "../../support/sqlite-store.js";
import { claimRequest, draftOf } from "../../support/store-steps.js";

/** What the conformance suite cannot ask of every store: its clock, and rows that are damaged. */
describe("the job store on SQLite", () => {
  let stores: StoreFixture;
  beforeEach(async () => {
    stores = await openStores();
  });
  afterEach(() => stores.close());

  const create = (draft = draftOf(), on: Stores = stores): Promise<Job> =>
    on.jobs.create(draft, (rivals) => refuseStart(draft.request, rivals));

  describe("a created job", () => {
    it("is dated by the database's clock", async () => {
      const nowMs = async (): Promise<number> => {
        const [row] = await stores.database.read(`select ${stores.database.dialect.now} as now`);
        return Number(row?.now);
      };
      const before = await nowMs();
      const job = await create();
      expect(job.createdAtMs).to.be.within(before, await nowMs());
    });
  });

  describe("a damaged row", () => {
    const DAMAGE = ["", "{", "null", "[]", "{}", "7", '"x"'];

    for (const column of ["request", "handlers", "tally", "pace", "attempt_base"]) {
      for (const text of DAMAGE) {
        it(`is shown as far as possible with ${JSON.stringify(text)} as ${column}, and hides no other`, async () => {
          const sound = await create(draftOf({}, { paths: ["/sound"] }));
          const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
          await stores.database.write((tx) =>
            tx.query(`update {job} set ${column} = ? where id = ?`, [text, damaged.id]),
          );
          const reports = (await stores.jobs.list({ limit: 9 })).jobs.map((job) => listedReportOf(job));
          expect(reports.map(({ processingId }) => processingId)).to.deep.equal([damaged.id, sound.id]);
          expect(reports[1]?.path).to.equal("/sound");
          const report = JSON.parse(JSON.stringify(reports[0])) as Record<string, unknown>;
          expect(report).to.include({ createdBy: "ann", status: "WAITING" });
        });
      }
    }

    for (const [column, value] of [
      ["status", "ON_FIRE"],
      ["counting", "ON_FIRE"],
    ] as const) {
      it(`is shown as far as possible with an unknown ${column}, and hides no other`, async () => {
        const sound = await create(draftOf({}, { paths: ["/sound"] }));
        const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
        await stores.database.write((tx) =>
          tx.query(`update {job} set ${column} = ? where id = ?`, [value, damaged.id]),
        );
        const reports = (await stores.jobs.list({ limit: 9 })).jobs.map((job) => listedReportOf(job));
        expect(reports.map(({ path }) => path)).to.deep.equal(["/damaged", "/sound"]);
        expect(reports[1]?.processingId).to.equal(sound.id);
      });
    }

    for (const text of DAMAGE) {
      it(`does not keep anybody from claiming other jobs with ${JSON.stringify(text)} as handlers`, async () => {
        const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
        const sound = await create(draftOf({}, { paths: ["/sound"] }));
        await stores.database.write((tx) => tx.query("update {job} set handlers = ? where id = ?", [text, damaged.id]));
        const claims = await stores.chunks.claim(claimRequest({ discoveries: 9 }));
        expect(claims.map(({ job }) => job.id)).to.include(sound.id);
      });
    }

    for (const text of DAMAGE) {
      it(`does not keep anybody from starting elsewhere with ${JSON.stringify(text)} as request, once it has ended`, async () => {
        const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
        await stores.jobs.update(damaged.id, ({ job, facts }) => cancel(job, "ann", facts));
        await stores.database.write((tx) => tx.query("update {job} set request = ? where id = ?", [text, damaged.id]));
        expect((await create()).state.status).to.equal("WAITING");
      });
    }

    it("refuses a start as an overlap, not as an error, while it still holds its scope", async () => {
      for (const text of DAMAGE) {
        const repository = `folder:/${text}`;
        const damaged = await create(draftOf({ repository }, { paths: ["/damaged"] }));
        await stores.database.write((tx) => tx.query("update {job} set request = ? where id = ?", [text, damaged.id]));
        const error = await rejection(create(draftOf({ repository }, { paths: ["/damaged"] })));
        expect(AssetmillError.is(error) && error.code, JSON.stringify(text)).to.equal("PATH_BUSY");
      }
    });
  });
});
