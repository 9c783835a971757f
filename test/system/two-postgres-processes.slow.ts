import { expect } from "chai";
import { PostgresDatabase } from "../../src/adapters/sql/index.js";
import { SCHEMA } from "../../src/composition/databases.js";
import { handledTwice, jsonLines, until, Workbench } from "../cli/workbench.js";
import { freshSchema, sharedPostgres } from "../support/postgres-server.js";
import { dump } from "../support/sqlite-store.js";
import { Server } from "./server.js";
import { itMeasures } from "../support/timed.js";

const ROOT = "/content/dam/t";

describe("two processes on one PostgreSQL", () => {
  let bench: Workbench;
  let schema: string;
  let place: string;
  let query: (sql: string) => Promise<readonly any[]>;

  beforeEach(async () => {
    bench = new Workbench();
    const server = await sharedPostgres();
    schema = freshSchema();
    place = `${server.url}?schema=${schema}`;
    query = (sql) => server.query(sql.replaceAll("assetmill_", `"${schema}".assetmill_`));
  });
  afterEach(() => bench.dispose());

  /** The tree, as `--assets` takes it: in the folder, or copied to the store's own database. */
  async function assetsIn(where: "folder" | "database", count: number): Promise<string> {
    const folder = bench.topics(count);
    if (where === "folder") return folder;
    const imported = await bench.run(["import", bench.path("tree"), ROOT, "--assets", place]);
    expect(imported.code, imported.err).to.equal(0);
    return place;
  }

  for (const where of ["folder", "database"] as const) {
    it(`share a job as serve over assets in a ${where}: each chunk is committed once, each asset processed once`, async () => {
      const count = 2_000;
      const assets = await assetsIn(where, count);
      const plugin = bench.journalPlugin({ delayMs: 10 });
      const flags = ["--store", place, "--plugin", plugin, "--auth", "none"];
      const [one, other] = await Promise.all([
        Server.start(bench, assets, ...flags),
        Server.start(bench, assets, ...flags),
      ]);
      const id = await one.startJob({ path: ROOT, type: "ASSET_PROCESSING" });
      const report = await other.ended(id, 60_000);
      expect(report).to.deep.include({
        status: "SUCCESS",
        succeededCount: count,
        processedCount: count,
        triggeredCount: count,
        migrationSet: { totalFiles: count, calculationStatus: "SUCCESS" },
      });
      expect(await one.status(id)).to.deep.equal(report);
      expect(await one.logs(id)).to.deep.equal(await other.logs(id));
      const journal = bench.journalled();
      expect(handledTwice(journal)).to.deep.equal([]);
      expect(bench.journalled("end")).to.have.length(count);
      const pids = [...new Set(journal.map(({ pid }) => pid))].sort();
      expect(pids, "processes that took part").to.deep.equal([one.command.pid, other.command.pid].sort());
      const chunks = await query(`
        select l.chunk, l.state, l.epoch, l.part, c.assets, sum(p.succeeded)::int as succeeded, count(*)::int as parts,
          count(distinct p.epoch)::int as epochs
        from assetmill_lease l join assetmill_chunk c using (job_id, chunk) join assetmill_outcome_part p using (job_id, chunk)
        group by 1, 2, 3, 4, 5 order by 1`);
      expect(chunks.reduce((sum, { assets: n }) => sum + n, 0)).to.equal(count);
      for (const chunk of chunks) {
        expect(chunk).to.include({ state: "DONE", epoch: 1, epochs: 1, succeeded: chunk.assets, parts: chunk.part });
      }
    });
  }

  it("take over from one that is frozen beyond its lease; when it wakes it commits nothing, and sees the end", async () => {
    const count = 60;
    const assets = await assetsIn("database", count);
    const plugin = bench.journalPlugin({ delayMs: 250 });
    const command = ["process", ROOT, "--assets", assets, "--plugin", plugin, "--json"];
    const frozen = bench.start([...command, "--chunk-size", "10", "--concurrency", "2"]);
    const [, id = ""] = await frozen.says(/^Job (\S+)/m);
    await until("two chunks committed", async () => {
      const [row] = await query("select count(*)::int as n from assetmill_lease where state = 'DONE' and chunk > 0");
      return row.n >= 2;
    });
    frozen.signal("SIGSTOP");
    const ask = async (...args: readonly string[]): Promise<readonly any[]> => {
      const answer = await bench.call([...args, "--store", place, "--json"]);
      expect(answer.code, answer.err).to.equal(0);
      return jsonLines(answer);
    };
    const before = new Set((await ask("outcomes", id)).map(({ path }) => path));
    expect(before.size).to.be.within(20, count - 1);
    const frozenPid = frozen.pid;

    const second = bench.start(command);
    const ended = await second.ended;
    expect(ended.code, ended.err).to.equal(0);
    expect(jsonLines(ended).at(-1)).to.include({
      processingId: id,
      status: "SUCCESS",
      succeededCount: count,
      attempt: 1,
    });
    const repeated = bench.journalled("begin").filter(({ pid, path }) => pid === second.pid && before.has(path));
    expect(repeated, "committed assets that were handled again").to.deep.equal([]);
    const taken = await query("select max(epoch)::int as epoch from assetmill_lease where chunk > 0");
    expect(taken[0].epoch, "epoch of what was taken over").to.equal(2);

    const server = await sharedPostgres();
    const database = await PostgresDatabase.open({ url: server.url, schema, ...SCHEMA });
    try {
      const all = await dump(database);
      const cut = bench.journalled("end").filter(({ pid }) => pid === frozenPid).length;
      frozen.signal("SIGCONT");
      const late = await frozen.ended;
      expect(late.code, late.err).to.equal(0);
      expect(jsonLines(late).at(-1)).to.include({ processingId: id, status: "SUCCESS", succeededCount: count });
      expect(await dump(database), "rows of any table that changed").to.deep.equal(all);
      const began = bench.journalled("begin").filter(({ pid }) => pid === frozenPid).length;
      // What was in flight may end or be aborted; nothing new was begun.
      expect(began - cut).to.be.at.most(2);
    } finally {
      await database.close();
    }
    expect((await ask("outcomes", id)).length).to.equal(count);
  });

  const killOneOfTwo = async (): Promise<number> => {
    const count = 400;
    const assets = await assetsIn("folder", count);
    const plugin = bench.journalPlugin({ delayMs: 50 });
    const command = ["process", ROOT, "--assets", assets, "--store", place, "--plugin", plugin, "--json"];
    const flags = ["--chunk-size", "20", "--concurrency", "4"];
    const [first, second] = [bench.start([...command, ...flags]), bench.start([...command, ...flags])];
    const handledBy = (pid: number): number => bench.journalled("end").filter((line) => line.pid === pid).length;
    await until("both at work", () => handledBy(first.pid) > 20 && handledBy(second.pid) > 20, 30_000);
    await first.kill();
    const killed = performance.now();
    const left = count - bench.journalled("end").length;
    const ended = await second.ended;
    expect(ended.code, ended.err).to.equal(0);
    expect(jsonLines(ended).at(-1)).to.include({ status: "SUCCESS", succeededCount: count, attempt: 1 });
    const waitedSeconds = (performance.now() - killed) / 1_000 - (left * 50) / 4_000;
    const [jobs] = await query("select count(*)::int as n from assetmill_job");
    expect(jobs.n).to.equal(1);
    const [sum] = await query("select sum(succeeded)::int as n from assetmill_outcome_part");
    expect(sum.n).to.equal(count);
    return waitedSeconds;
  };
  itMeasures(
    "run the process command, given twice, as one job; if one is killed, the other ends it",
    killOneOfTwo,
    "continue, if one of two process commands is killed, without waiting for the dead one's lease",
    (waitedSeconds) => expect(waitedSeconds, "seconds beyond those of the assets left").to.be.lessThan(8),
  );
});
