import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { maxFailures, sigterm } from "./attempts.js";
import { frozen } from "./frozen.js";
import { hugeLog } from "./huge-log.js";
import { ended } from "./kill-harness.js";
import { expectResults, expectWhole, killUntilDone, waitForEnd } from "./kill-run.js";
import { lockDatabase } from "./lock-database.js";
import { network } from "./network.js";
import { poison } from "./poison.js";
import { requests } from "./requests.js";
import { FAIL_EVERY, FINAL, type Scenario, serve, withHarness } from "./scene.js";
import { told } from "./told.js";

/** Most kills per job; then a new job starts, so that kills also hit starts, discoveries and ends. */
const KILLS_A_JOB = 20;

/** kill -9 at random moments: the result is the same as without kills. */
const kills: Scenario = async ({ mode, kills: wanted }) => {
  const sum = { jobs: 0, kills: 0, found: 0, starts: 0, files: 0, repeated: 0 };
  while (sum.kills < wanted) {
    const most = Math.min(KILLS_A_JOB, wanted - sum.kills);
    // Enough work per process, so that kills hit it at work. Three deaths of discovery in a row without a page end a job,
    // and over JCR, on a busy machine, a page takes a second or more.
    const [perLife, longestMs] = mode === "jcr" ? [400, 5_000] : [600, 1_000];
    const files = Math.max(2_000, most * perLife);
    await withHarness({ mode, files, delayMs: 12, failEvery: FAIL_EVERY }, async (harness) => {
      const start = () => {
        sum.starts++;
        harness.startProcess("--chunk-size", "50");
      };
      const run = await killUntilDone(harness, start, longestMs, most);
      await expectWhole(harness, run.id, FAIL_EVERY);
      await expectResults(harness, run.id, FAIL_EVERY);
      sum.jobs++;
      sum.kills += run.kills;
      sum.found += run.found;
      sum.files += files;
      sum.repeated += run.repeated;
    });
  }
  return `${sum.kills} kills over ${sum.jobs} jobs, ${sum.found} of them during work; ${sum.starts} starts, ${sum.files} assets, ${sum.repeated} handler calls repeated; outcomes, counters, logs and results agree`;
};

/** Another process locks SQLite for 30 s: the job waits, and no asset fails. */
const locked: Scenario = async ({ mode }) => {
  if (mode === "postgres") return "does not apply to this mode";
  return withHarness({ mode, files: 2_000, delayMs: 10, failEvery: FAIL_EVERY }, async (harness) => {
    const child = harness.startProcess("--chunk-size", "100");
    while (harness.calls().length < 200) await sleep(20);
    await lockDatabase(join(harness.folder, "store.sqlite"), 30_000);
    const code = await ended(child);
    const [id = ""] = await harness.jobIds();
    await expectWhole(harness, id, FAIL_EVERY);
    const repeated = harness.calls().length - 2_000;
    // Assets in flight when the lease expired were aborted; those that had ended are committed, however late.
    expect(repeated, "no more than what was not committed").to.be.at.most(16);
    return `exit code ${code}, ${repeated} handler calls repeated, one outcome per asset`;
  });
};

/** A full disk: the process says so and continues once there is space. */
const diskFull: Scenario = async ({ mode }) => {
  if (mode !== "folder") return "does not apply to this mode";
  if (process.getuid?.() !== 0) return "NOT RUN: mounting a small tmpfs needs root";
  const disk = mkdtempSync(join(tmpdir(), "assetmill-disk-"));
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk]).status !== 0)
    return "NOT RUN: tmpfs cannot be mounted here";
  try {
    return await withHarness({ mode, files: 4_000, delayMs: 2, failEvery: FAIL_EVERY }, async (harness) => {
      const store = `sqlite:${join(disk, "store.sqlite")}`;
      const filler = join(disk, "filler");
      Object.assign(harness.place, { store, check: async () => {} });
      harness.startProcess("--chunk-size", "100");
      while (harness.calls().length < 500) await sleep(20);
      spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"]);
      while (!/full|no space/i.test(harness.said)) {
        if (/SUCCESS/.test(harness.said)) throw new Error("the job ended before the disk was full");
        await sleep(100);
      }
      await sleep(2_000);
      rmSync(filler);
      const id = await waitForEnd(harness);
      await expectWhole(harness, id, FAIL_EVERY);
      return `reported the full disk, waited and continued; ${harness.calls().length - 4_000} handler calls repeated, one outcome per asset`;
    });
  } finally {
    spawnSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  }
};

/** Random commands at random moments: each is carried out or refused with the right code, and every job ends. */
const races: Scenario = async ({ mode, kills: size }) =>
  withHarness({ mode, files: 400, delayMs: 1, failEvery: FAIL_EVERY }, async (harness) => {
    const { child, post, status } = await serve(harness);
    const rounds = Math.min(1_000, size * 5);
    const answers = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const path = `/content/dam/kill/f000${round % 2}`;
      const started = await post("", { path, type: "ASSET_PROCESSING" });
      expect(started.status, JSON.stringify(started.body)).to.equal(200);
      let id: string = started.body.processingId;
      for (let i = 0; i < 3; i++) {
        await sleep(Math.random() * 60);
        const action = ["cancel", "pause", "resume", "restart", "retry-failed"][Math.floor(Math.random() * 5)] ?? "";
        const answer = await post(`/${action}`, { processingId: id });
        const end = answer.status === 200 ? "done" : String(answer.body.code);
        expect(["done", "ILLEGAL_STATE", "PATH_BUSY"], `${action}: ${JSON.stringify(answer.body)}`).to.include(end);
        answers.set(`${action} ${end}`, (answers.get(`${action} ${end}`) ?? 0) + 1);
        if (answer.status === 200 && action.startsWith("re") && action !== "resume") id = answer.body.processingId;
      }
      for (const endMs = performance.now() + 30_000; ;) {
        const now = await status(id);
        if (FINAL.includes(now.status)) break;
        if (now.status === "PAUSED") await post("/resume", { processingId: id });
        if (performance.now() > endMs) throw new Error(`the job hangs: ${JSON.stringify(now)}`);
        await sleep(10);
      }
    }
    child.kill("SIGTERM");
    await ended(child);
    return `${rounds} rounds, ${[...answers]
      .sort()
      .map(([what, n]) => `${what}: ${n}`)
      .join(", ")}; every job ended`;
  });

/** Returns memory and open handles of a process. */
const footprint = (pid: number): { rssMb: number; handles: number } => ({
  rssMb: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024,
  handles: readdirSync(`/proc/${pid}/fd`).length,
});

/** A day in miniature: many jobs, two at a time. Nothing leaks, and retention bounds what is kept. */
const day: Scenario = async ({ mode, kills: size }) =>
  withHarness({ mode, files: 400, delayMs: 0 }, async (harness) => {
    const { child, post, status } = await serve(harness, "--retain-jobs", "20");
    const jobs = Math.min(500, size * 10);
    const run = async (path: string): Promise<void> => {
      const started = await post("", { path, type: "ASSET_PROCESSING" });
      expect(started.status, JSON.stringify(started.body)).to.equal(200);
      while (!FINAL.includes((await status(started.body.processingId)).status)) await sleep(10);
    };
    let early = footprint(Number(child.pid));
    for (let i = 0; i < jobs; i += 2) {
      await Promise.all([run("/content/dam/kill/f0000"), run("/content/dam/kill/f0001")]);
      if (i <= jobs / 4) early = footprint(Number(child.pid));
    }
    const late = footprint(Number(child.pid));
    expect(late.handles, "open handles").to.be.at.most(early.handles + 5);
    expect(late.rssMb - early.rssMb, "growth in MB").to.be.lessThan(60);
    child.kill("SIGTERM");
    await ended(child);
    // Retention also runs at the start, so the next start bounds what this one left.
    const again = await serve(harness, "--retain-jobs", "20");
    const kept = async (): Promise<number> => (await harness.run(["history", "--limit", "1000"])).length;
    for (const endMs = performance.now() + 60_000; (await kept()) > 20;) {
      if (performance.now() > endMs) throw new Error(`retention keeps ${await kept()} jobs instead of 20`);
      await sleep(200);
    }
    again.child.kill("SIGTERM");
    await ended(again.child);
    return `${jobs} jobs; RSS ${early.rssMb.toFixed(0)} to ${late.rssMb.toFixed(0)} MB, open handles ${early.handles} to ${late.handles}; ${await kept()} jobs kept`;
  });

export const SCENARIOS: Readonly<Record<string, Scenario | undefined>> = {
  kills,
  sigterm,
  told,
  "max-failures": maxFailures,
  frozen,
  poison,
  locked,
  network,
  "disk-full": diskFull,
  "huge-log": hugeLog,
  requests,
  races,
  day,
};
