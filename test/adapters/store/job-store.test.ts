import { expect } from "chai";
import { AssetmillError } from "../../../src/core/errors.js";
import type { Job } from "../../../src/core/job.js";
import { cancel, giveUp, pause, resume } from "../../../src/core/job-transitions.js";
import { reportOf } from "../../../src/core/operator/job-report.js";
import { refuseResume, refuseStart } from "../../../src/core/operator/overlap.js";
import { rejection } from "../../support/deferred.js";
import { openStores, type StoreFixture, type Stores, dump } from "../../support/sqlite-store.js";
import { claimDiscovery, claimRequest, draftOf } from "../../support/store-steps.js";

describe("the job store on SQLite", function () {
  this.timeout(30_000);
  let stores: StoreFixture;
  beforeEach(async () => {
    stores = await openStores();
  });
  afterEach(() => stores.close());

  const create = (draft = draftOf(), on: Stores = stores): Promise<Job> =>
    on.jobs.create(draft, (rivals) => refuseStart(draft.request, rivals));

  describe("a created job", () => {
    it("is WAITING, has not begun, and stands as it was asked for", async () => {
      const draft = draftOf(
        { handlers: ["h", "i"], restartedFrom: "22222222-2222-4222-8222-222222222222" },
        {
          paths: ["/b", "/a"],
          excludedPaths: ["/a/x"],
          filter: { fileTypes: ["DITAMAP"], startTime: 1, endTime: 2, filterProcessedAssets: true },
          priority: 0,
          maxFailures: "5%",
        },
      );
      const job = await create(draft);
      expect(job).to.deep.include({ ...draft, state: { status: "WAITING" }, attempt: 1, startedAtMs: 0 });
      expect(job).to.deep.include({ comments: "", counting: "WAITING", triggered: 0, openChunks: 0 });
      expect(await stores.jobs.get(draft.id)).to.deep.equal(job);
    });

    it("is dated by the database's clock", async () => {
      const nowMs = async (): Promise<number> => {
        const [row] = await stores.database.read(`select ${stores.database.now} as now`);
        return Number(row?.now);
      };
      const before = await nowMs();
      const job = await create();
      expect(job.createdAtMs).to.be.within(before, await nowMs());
    });

    it("keeps request, paths and names with any characters", async () => {
      const name = "/a'b\"c\\d/ü%_?;--/\u{1f600}\u{2f800}";
      const draft = draftOf({ createdBy: name }, { paths: [name] });
      await create(draft);
      expect((await stores.jobs.get(draft.id))?.request.paths).to.deep.equal([name]);
      expect((await stores.jobs.get(draft.id))?.createdBy).to.equal(name);
    });

    it("has its request as the first line of its log", async () => {
      const { id, logLines } = await create();
      expect(logLines).to.equal(1);
      expect((await stores.log.read(id, 0, 10)).lines[0]).to.match(
        /INFO: \[ASSET_PROCESSING\] Start by ann: path=\/root$/,
      );
    });

    it("is durable before it is answered: another connection sees it", async () => {
      const other = await stores.another();
      const job = await create();
      expect(await other.jobs.get(job.id)).to.deep.equal(job);
    });
  });

  it("knows no job that was not created", async () => {
    expect(await stores.jobs.get("nope")).to.equal(undefined);
    const error = await rejection(stores.jobs.update("nope", ({ job }) => ({ job, lines: [] })));
    expect((error as AssetmillError).code).to.equal("JOB_NOT_FOUND");
    expect((error as AssetmillError).ids.jobId).to.equal("nope");
  });

  describe("a list", () => {
    it("is newest created first, cut at the limit, and goes on before a sequence", async () => {
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.unshift((await create(draftOf({}, { paths: [`/r${i}`] }))).id);
      const first = await stores.jobs.list({ limit: 3 });
      expect(first.map(({ id }) => id)).to.deep.equal(ids.slice(0, 3));
      const rest = await stores.jobs.list({ limit: 3, beforeSequence: first.at(-1)?.sequence ?? 0 });
      expect(rest.map(({ id }) => id)).to.deep.equal(ids.slice(3));
    });

    it("is of the statuses, repository and ids asked for", async () => {
      const a = await create(draftOf({ repository: "folder:/a" }));
      const b = await create(draftOf({ repository: "folder:/b" }));
      await stores.jobs.update(b.id, ({ job, facts }) => cancel(job, "ann", facts));
      const idsOf = async (query: object): Promise<string[]> =>
        (await stores.jobs.list({ limit: 9, ...query })).map(({ id }) => id);
      expect(await idsOf({ statuses: ["WAITING", "PAUSED"] })).to.deep.equal([a.id]);
      expect(await idsOf({ statuses: ["CANCELLED"] })).to.deep.equal([b.id]);
      expect(await idsOf({ statuses: [] })).to.deep.equal([]);
      expect(await idsOf({ repository: "folder:/b" })).to.deep.equal([b.id]);
      expect(await idsOf({ ids: [a.id, "nope"] })).to.deep.equal([a.id]);
    });
  });

  describe("an update", () => {
    it("stores what was decided with its lines, and answers the job as it now is", async () => {
      const { id } = await create();
      const paused = await stores.jobs.update(id, ({ job, facts }) => pause(job, "bob", facts));
      expect(paused.state).to.deep.equal({ status: "PAUSED" });
      expect(await stores.jobs.get(id)).to.deep.equal(paused);
      const { lines } = await stores.log.read(id, 0, 10);
      expect(lines).to.have.length(paused.logLines);
      expect(lines.at(-1)).to.match(/Pause by bob$/);
    });

    it("that throws changes nothing", async () => {
      const { id } = await create();
      const before = await dump(stores.database);
      const error = new Error("decided against");
      expect(
        await rejection(
          stores.jobs.update(id, () => {
            throw error;
          }),
        ),
      ).to.equal(error);
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("keeps every state as it is: pausing, giving up, and the time of the end", async () => {
      const one = await create(draftOf({}, { paths: ["/one"] }));
      await claimDiscovery(stores, one);
      const pausing = await stores.jobs.update(one.id, ({ job, facts }) => pause(job, "bob", facts));
      expect(pausing.state).to.deep.equal({ status: "PROCESSING", pausing: true });
      expect((await stores.jobs.get(one.id))?.state).to.deep.equal(pausing.state);
      const giving = await stores.jobs.update(one.id, ({ job, facts }) => giveUp(job, "too bad", facts));
      expect((await stores.jobs.get(one.id))?.state).to.deep.equal({
        status: "PROCESSING",
        pausing: false,
        givingUp: "too bad",
      });
      expect(giving.state).to.deep.equal((await stores.jobs.get(one.id))?.state);
      const two = await create(draftOf({}, { paths: ["/two"] }));
      const ended = await stores.jobs.update(two.id, ({ job, facts }) => cancel(job, "bob", facts));
      expect(ended.state.status).to.equal("CANCELLED");
      expect((await stores.jobs.get(two.id))?.state).to.deep.equal(ended.state);
    });

    it("sees whether a row is leased, under the lock", async () => {
      const { id } = await create();
      const leased = async (): Promise<boolean> => {
        let seen = false;
        await stores.jobs.update(id, ({ job, facts }) => {
          seen = facts.leased;
          return { job, lines: [] };
        });
        return seen;
      };
      expect(await leased()).to.equal(false);
      const job = await stores.jobs.get(id);
      await claimDiscovery(stores, job as Job);
      expect(await leased()).to.equal(true);
    });

    it("serves one after the other: of many at once none is lost", async () => {
      const { id } = await create();
      const other = await stores.another();
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          (i % 2 ? other : stores).jobs.update(id, ({ job }) => ({
            job: { ...job, triggered: job.triggered + 1 },
            lines: [],
          })),
        ),
      );
      expect((await stores.jobs.get(id))?.triggered).to.equal(40);
    });
  });

  describe("the overlap", () => {
    it("lets one of fifty starts at once on one scope win, and names it to the others", async () => {
      const other = await stores.another();
      const answers = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) =>
          create(draftOf({}, { paths: [`/root${"/x".repeat(i % 3)}`] }), i % 2 ? other : stores),
        ),
      );
      const won = answers.filter((answer) => answer.status === "fulfilled");
      // Roots nest, so that whichever came first overlaps all the others.
      expect(won).to.have.length(1);
      const [winner] = won.map(({ value }) => value.id);
      for (const answer of answers) {
        if (answer.status === "fulfilled") continue;
        expect(answer.reason).to.include({ code: "PATH_BUSY" });
        expect((answer.reason as AssetmillError).ids.jobId).to.equal(winner);
      }
      expect(await stores.jobs.list({ limit: 100 })).to.have.length(1);
    });

    it("is with jobs of the same repository and type only", async () => {
      await create();
      await create(draftOf({ repository: "folder:/other" }));
      await create(draftOf({}, { type: "OTHER_WORK" }));
      expect(await stores.jobs.list({ limit: 9 })).to.have.length(3);
    });

    it("is with every job that holds its scope: WAITING, PROCESSING, CANCELLING, PAUSED", async () => {
      const job = await create();
      const refused = async (status: string): Promise<void> => {
        const error = (await rejection(create())) as AssetmillError;
        expect([error.code, error.ids]).to.deep.equal(["PATH_BUSY", { jobId: job.id, status }]);
      };
      await refused("WAITING");
      await claimDiscovery(stores, job);
      await refused("PROCESSING");
      await stores.jobs.update(job.id, (view) => cancel(view.job, "ann", view.facts));
      await refused("CANCELLING");
      const paused = await create(draftOf({ repository: "folder:/p" }));
      await stores.jobs.update(paused.id, (view) => pause(view.job, "ann", view.facts));
      const error = (await rejection(create(draftOf({ repository: "folder:/p" })))) as AssetmillError;
      expect(error.ids.status).to.equal("PAUSED");
    });

    it("is over once the job has ended", async () => {
      const { id } = await create();
      await stores.jobs.update(id, ({ job, facts }) => cancel(job, "ann", facts));
      expect((await create()).state.status).to.equal("WAITING");
    });

    it("is shown to a resume as the others that hold a scope, never itself", async () => {
      const first = await create();
      await stores.jobs.update(first.id, ({ job, facts }) => cancel(job, "ann", facts));
      const second = await create();
      let rivals: readonly Job[] = [];
      await stores.jobs.update(first.id, (view) => {
        rivals = view.rivals;
        return { job: view.job, lines: [] };
      });
      expect(rivals.map(({ id }) => id)).to.deep.equal([second.id]);
    });

    it("lets one of a start and many resumes at once win", async () => {
      const ended: Job[] = [];
      for (let i = 0; i < 10; i++) {
        const job = await create();
        ended.push(await stores.jobs.update(job.id, (view) => cancel(view.job, "ann", view.facts)));
      }
      const answers = await Promise.allSettled([
        create(),
        ...ended.map(({ id }) =>
          stores.jobs.update(id, ({ job, rivals }) => {
            const change = resume(job, "ann");
            refuseResume(job, rivals);
            return change;
          }),
        ),
      ]);
      expect(answers.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    });
  });

  describe("a damaged row", () => {
    const DAMAGE = ["", "{", "null", "[]", "{}", "7", '"x"'];

    for (const column of ["request", "handlers", "tally", "pace", "attempt_base"]) {
      for (const text of DAMAGE) {
        it(`with ${JSON.stringify(text)} as ${column} is shown as far as it can be, and hides no other`, async () => {
          const sound = await create(draftOf({}, { paths: ["/sound"] }));
          const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
          await stores.database.write((tx) =>
            tx.query(`update assetmill_job set ${column} = ? where id = ?`, [text, damaged.id]),
          );
          const reports = (await stores.jobs.list({ limit: 9 })).map(reportOf);
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
      it(`with an unknown ${column} is shown as far as it can be, and hides no other`, async () => {
        const sound = await create(draftOf({}, { paths: ["/sound"] }));
        const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
        await stores.database.write((tx) =>
          tx.query(`update assetmill_job set ${column} = ? where id = ?`, [value, damaged.id]),
        );
        const reports = (await stores.jobs.list({ limit: 9 })).map(reportOf);
        expect(reports.map(({ path }) => path)).to.deep.equal(["/damaged", "/sound"]);
        expect(reports[1]?.processingId).to.equal(sound.id);
      });
    }

    for (const text of DAMAGE) {
      it(`with ${JSON.stringify(text)} as handlers keeps nobody from claiming the others`, async () => {
        const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
        const sound = await create(draftOf({}, { paths: ["/sound"] }));
        await stores.database.write((tx) =>
          tx.query("update assetmill_job set handlers = ? where id = ?", [text, damaged.id]),
        );
        const claims = await stores.chunks.claim(claimRequest({ discoveries: 9 }));
        expect(claims.map(({ job }) => job.id)).to.include(sound.id);
      });
    }

    for (const text of DAMAGE) {
      it(`with ${JSON.stringify(text)} as request keeps nobody from starting elsewhere, once it has ended`, async () => {
        const damaged = await create(draftOf({}, { paths: ["/damaged"] }));
        await stores.jobs.update(damaged.id, ({ job, facts }) => cancel(job, "ann", facts));
        await stores.database.write((tx) =>
          tx.query("update assetmill_job set request = ? where id = ?", [text, damaged.id]),
        );
        expect((await create()).state.status).to.equal("WAITING");
      });
    }

    it("that still holds its scope refuses a start as an overlap, not as an error", async () => {
      for (const text of DAMAGE) {
        const repository = `folder:/${text}`;
        const damaged = await create(draftOf({ repository }, { paths: ["/damaged"] }));
        await stores.database.write((tx) =>
          tx.query("update assetmill_job set request = ? where id = ?", [text, damaged.id]),
        );
        const error = await rejection(create(draftOf({ repository }, { paths: ["/damaged"] })));
        expect(AssetmillError.is(error) && error.code, JSON.stringify(text)).to.equal("PATH_BUSY");
      }
    });
  });
});
