import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ended, RunningCommand } from "../cli/running-command.js";
import { handledTwice, jsonLines, until, Workbench } from "../cli/workbench.js";
import { type PostgresServer, startPostgres } from "../support/postgres-server.js";

const ROOT = "/content/dam/t";
const RESTARTS = Number(process.env.ASSETMILL_TEST_RESTARTS ?? 10);

/** What was seen in the store, and how many calls of handlers there had been by then. */
interface Seen {
  readonly paths: readonly string[];
  readonly calls: number;
}

describe("PostgreSQL, killed with SIGKILL and restarted", function () {
  this.timeout(240_000);
  let server: PostgresServer;
  let bench: Workbench;

  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const place = (schema: string): string => `${server.url}?schema=${schema}`;

  async function ask(store: string, ...args: readonly string[]): Promise<readonly any[]> {
    const answer = await bench.call([...args, "--store", store, "--json"]);
    expect(answer.code, answer.err).to.equal(0);
    return jsonLines(answer);
  }

  async function committed(store: string, id: string): Promise<Seen> {
    const outcomes = await ask(store, "outcomes", id);
    // Counted after the look: what is begun later was begun after these outcomes were stored.
    return { paths: outcomes.map(({ path }) => path), calls: bench.journalled("begin").length };
  }

  /** Kills the server again and again while the job goes on; answers what was committed before each kill. */
  async function restart(
    times: number,
    command: RunningCommand,
    { store, id, count, downMs }: { store: string; id: string; count: number; downMs: () => number },
  ): Promise<readonly Seen[]> {
    const seen: Seen[] = [];
    for (let kill = 1; kill <= times; kill++) {
      const handled = Math.floor((count * kill) / (times + 1));
      await until(
        `${handled} assets handled`,
        () => !command.isAlive || bench.journalled("end").length >= handled,
        60_000,
      );
      expect(command.isAlive, `the process before kill ${kill}: ${command.err}`).to.equal(true);
      seen.push(await committed(store, id));
      await server.kill();
      await sleep(downMs());
      await server.start();
    }
    return seen;
  }

  async function expectWhole(
    store: string,
    id: string,
    count: number,
    ended: Ended,
    seen: readonly Seen[],
  ): Promise<void> {
    expect(ended.code, ended.err).to.equal(0);
    expect(jsonLines(ended).at(-1)).to.deep.include({
      processingId: id,
      status: "SUCCESS",
      attempt: 1,
      succeededCount: count,
      failedCount: 0,
      skippedCount: 0,
      triggeredCount: count,
      migrationSet: { totalFiles: count, calculationStatus: "SUCCESS" },
    });
    expect(ended.err).to.match(/trying again in \d+ ms/);
    const outcomes = await ask(store, "outcomes", id);
    expect(outcomes).to.have.length(count);
    expect(new Set(outcomes.map(({ path }) => path)).size).to.equal(count);
    const blamed = outcomes.filter(({ outcome, attempts }) => outcome !== "SUCCEEDED" || attempts !== 1);
    expect(blamed, "assets that were blamed, or whose tries were spent").to.deep.equal([]);
    const begun = bench.journalled("begin").map(({ path }) => path);
    expect(new Set(begun).size).to.equal(count);
    for (const { paths, calls } of seen) {
      const known = new Set(paths);
      const repeated = begun.slice(calls).filter((path) => known.has(path));
      expect(repeated, "committed assets that were handled again").to.deep.equal([]);
    }
    const lines = await ask(store, "logs", id);
    expect(lines.map(({ line }) => line)).to.deep.equal(lines.map((_, i) => i));
    expect(lines.filter(({ text }) => text.includes("Ended SUCCESS"))).to.have.length(1);
    expect(await ask(store, "history"), "jobs").to.have.length(1);
  }

  it(`lets a job with assets and store in it end SUCCESS by itself after ${RESTARTS} restarts, and no handler ends twice`, async () => {
    const count = 2_000;
    const store = place("both");
    bench.topics(count);
    const imported = await bench.run(["import", bench.path("tree"), ROOT, "--assets", store]);
    expect(imported.code, imported.err).to.equal(0);
    const plugin = bench.journalPlugin({ delayMs: 15 });
    const flags = ["--assets", store, "--plugin", plugin, "--chunk-size", "50", "--json"];
    const command = bench.start(["process", ROOT, ...flags], { withinMs: 200_000 });
    const [, id = ""] = await command.says(/^Job (\S+)/m);
    const seen = await restart(RESTARTS, command, { store, id, count, downMs: () => Math.random() * 600 });
    const ended = await command.ended;
    await expectWhole(store, id, count, ended, seen);
    // Most of them usually are; on a busy machine the server is hardly up between two kills.
    expect(seen.at(-1)?.paths.length, "committed before the last kill").to.be.greaterThan(count / 10);
    // No outage was as long as a lease: what had ended was kept, and committed once the server was there again. What was
    // in flight was told to stop where its content could not be read, and has run to its end later.
    const aborted = new Set(bench.journalled("abort").map(({ path }) => path));
    expect(handledTwice(bench.journalled()).filter((path) => !aborted.has(path))).to.deep.equal([]);
    expect(bench.journalled("end")).to.have.length(count);
    const [{ results }] = (await server.query(
      `select count(*)::int as results from "both".assetmill_asset_result where properties like '%"fmditaTitle":"T"%'`,
    )) as [{ results: number }];
    expect(results).to.equal(count);
  });

  it("lets a job over a folder end SUCCESS in the same process, even after an outage longer than a lease", async () => {
    const count = 1_000;
    const store = place("jobs");
    const assets = bench.topics(count);
    const plugin = bench.journalPlugin({ delayMs: 30 });
    const flags = ["--assets", assets, "--store", store, "--plugin", plugin, "--chunk-size", "50", "--json"];
    const command = bench.start(["process", ROOT, ...flags], { withinMs: 200_000 });
    const [, id = ""] = await command.says(/^Job (\S+)/m);
    let kills = 0;
    const downMs = () => (++kills === 2 ? 12_000 : Math.random() * 600);
    const seen = await restart(3, command, { store, id, count, downMs });
    await expectWhole(store, id, count, await command.ended, seen);
  });

  it("lets a process that was started during an outage say so, wait, and continue by itself", async () => {
    const store = place("down");
    const assets = bench.topics(20);
    await server.kill();
    const command = bench.start(["process", ROOT, "--assets", assets, "--store", store, "--json"]);
    await command.says(/is unavailable: connection refused \(ECONNREFUSED\); trying again in \d+ ms/);
    await command.says(/trying again in 400 ms/);
    await server.start();
    const ended = await command.ended;
    expect(ended.code, ended.err).to.equal(0);
    expect(jsonLines(ended).at(-1)).to.include({ status: "SUCCESS", succeededCount: 20 });
  });

  it("also lets import continue by itself", async () => {
    const count = 3_000;
    const assets = place("imported");
    bench.topics(count);
    const command = bench.start(["import", bench.path("tree"), ROOT, "--assets", assets, "--json"]);
    const rows = async () =>
      (await server.query("select count(*)::int as n from imported.assetmill_asset").catch(() => [{ n: 0 }]))[0]?.n;
    await until("some assets imported", async () => (await rows()) > 200);
    await server.kill();
    await command.says(/trying again in \d+ ms/);
    await server.start();
    const ended = await command.ended;
    expect(ended.code, ended.err).to.equal(0);
    const { created, replaced, unchanged, failed } = jsonLines(ended)[0];
    expect([created + replaced + unchanged, failed], ended.err).to.deep.equal([count, 0]);
    expect(await rows()).to.equal(count);
  });
});
