import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { RunningCommand } from "../cli/running-command.js";
import { type JournalLine, LIBRARY, until, Workbench } from "../cli/workbench.js";
import { freshSchema, sharedPostgres } from "../support/postgres-server.js";
import { freeze } from "./freeze.js";
import { itMeasures } from "../support/timed.js";

/** Shorter than by default, so that a test can wait for it; long against the pauses of a busy machine, which renews late. */
const LEASE_MS = 5_000;
const RENEWAL_MS = 1_000;
/** What taking over may cost beyond the lease: a poll, a reaper's turn, and a busy machine. */
const TAKEN_OVER_WITHIN_MS = LEASE_MS + 4_000;
const APART_MS = 60_000;

/** Every Date of the process is wrong by so much; the clocks of the system, and of what is not JavaScript, are not. */
const SHIFT = `
  const wrongMs = Number(process.env.WRONG_MS);
  const right = Date.now;
  globalThis.Date = class extends Date {
    constructor(...given) { super(...(given.length === 0 ? [right() + wrongMs] : given)); }
    static now() { return right() + wrongMs; }
  };`;

describe("node clocks two minutes apart, one a minute late and one a minute early", () => {
  let bench: Workbench;
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  /** A node that works until the job has ended. */
  function node(wrongMs: number, store: string, assets: string, plugin: string): RunningCommand {
    const shift = bench.write("shift.mjs", SHIFT);
    const script = bench.write(
      "node.mjs",
      `import { createAssetmill } from ${JSON.stringify(LIBRARY)};
       console.log("clock", Date.now());
       const mill = await createAssetmill({
         assets: ${JSON.stringify(assets)}, store: ${JSON.stringify(store)}, builtIns: false, chunkSize: 5, concurrency: 2,
         plugins: [new URL(${JSON.stringify(pathToFileURL(plugin).href)})],
         engine: { leaseTtlMs: ${LEASE_MS}, renewEveryMs: ${RENEWAL_MS} },
       });
       if (process.env.STARTS) await mill.operator.start({ path: "/", type: "ASSET_PROCESSING" }, "me");
       mill.start();
       for (;;) {
         const [job] = (await mill.operator.history({})).jobs;
         if (job?.completedAt > 0) { console.log("ended", job.status, job.succeededCount); break; }
         await new Promise((over) => setTimeout(over, 100));
       }
       await mill.close();`,
    );
    const env = {
      NODE_OPTIONS: `--import=${pathToFileURL(shift).href}`,
      WRONG_MS: String(wrongMs),
      ...(bench.has("started") ? {} : { STARTS: "1" }),
    };
    bench.write("started", "");
    return bench.startNode(script, { env, withinMs: 100_000 });
  }

  for (const [where, placeOf] of [
    ["SQLite", async () => bench.store],
    ["PostgreSQL", async () => `${(await sharedPostgres()).url}?schema=${freshSchema()}`],
  ] as const) {
    for (const wrongMs of [APART_MS, -APART_MS]) {
      const takeOver = async (): Promise<number> => {
        const count = 80;
        const store = await placeOf();
        const plugin = bench.journalPlugin({ delayMs: 700, heeds: false });
        const assets = bench.topics(count);
        const first = node(wrongMs, store, assets, plugin);
        const [, clock] = await first.says(/^clock (\d+)/m);
        expect(Number(clock) - Date.now(), "the clock is wrong").to.be.closeTo(wrongMs, 10_000);
        const begun = (): readonly JournalLine[] => bench.journalled("begin");
        await until("the first node at work", () => begun().length > 0);
        const second = node(-wrongMs, store, assets, plugin);
        await until("both at work", () => new Set(begun().map(({ pid }) => pid)).size === 2);
        // Longer than a lease: what is renewed stays with its node.
        await sleep(LEASE_MS * 1.5);
        expect(twice(begun()), "stolen from a node that lives").to.deep.equal([]);

        const held = (): ReadonlySet<string> => {
          const over = new Set(bench.journalled("end").map(({ path }) => path));
          return new Set(begun().flatMap(({ pid, path }) => (pid === first.pid && !over.has(path) ? [path] : [])));
        };
        let lost = held();
        do {
          // It may have been continued, or have ended its last asset just before it stopped.
          first.signal("SIGCONT");
          await until("the first node holds an asset", () => held().size > 0);
          await freeze((name) => first.signal(name), store);
          lost = held();
        } while (lost.size === 0);
        const stoppedMs = performance.now();
        await until(
          "the other node takes over",
          () => begun().some(({ pid, path }) => pid === second.pid && lost.has(path)),
          60_000,
        );
        const tookMs = performance.now() - stoppedMs;
        process.stderr.write(`      taken over after ${Math.round(tookMs)} ms, of a lease of ${LEASE_MS}\n`);
        // A renewal may have been late by more than its interval; a clock that is wrong by a minute shows at once.
        expect(tookMs, "stolen before it expired").to.be.at.least(LEASE_MS / 6);
        await first.kill();
        const { code, out, err } = await second.ended;
        expect(code, err).to.equal(0);
        expect(out).to.match(new RegExp(`^ended SUCCESS ${count}$`, "m"));
        // What the first one had in flight or had not committed, and nothing else.
        const repeated = twice(begun());
        const firsts = new Set(begun().flatMap(({ pid, path }) => (pid === first.pid ? [path] : [])));
        expect(repeated.filter((path) => !firsts.has(path))).to.deep.equal([]);
        return tookMs;
      };
      const late = `${wrongMs > 0 ? "early" : "late"} by a minute`;
      itMeasures(
        `do not let a live lease be stolen, nor a frozen node ${late} keep its own: ${where}`,
        takeOver,
        `let the lease of a node ${late} be taken over soon after it expired: ${where}`,
        (tookMs) => expect(tookMs).to.be.lessThan(TAKEN_OVER_WITHIN_MS),
      );
    }
  }
});

const twice = (begun: readonly JournalLine[]): readonly string[] => {
  const paths = begun.map(({ path }) => path);
  return paths.filter((path, i) => paths.indexOf(path) !== i);
};
