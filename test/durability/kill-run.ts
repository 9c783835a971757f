import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import type { KillHarness } from "./kill-harness.js";

/** How a run of kills went. */
export interface KillRun {
  readonly id: string;
  readonly kills: number;
  /** How many of them found handlers at work. */
  readonly found: number;
  /** Handler calls beyond one an asset: what was not committed when its worker was killed. */
  readonly repeated: number;
}

/** So many of the kills hit a life at work; the others hit it at any moment, on the way there too. */
const AT_WORK = 0.75;
/**
 * A kill at work comes after a random number of assets, up to this. Not after a random time from the first one on: that
 * is, after a kill, the very one that was under way, and a machine slow enough would hit it thrice in a row, which is
 * POISON.
 */
const MOST_BEFORE_KILL = 400;
/**
 * But not later than so long after the start, or after the first asset: carefully, two commits an asset, they are slow.
 */
const LONGEST_START_MS = 20_000;
const LONGEST_WORK_MS = 5_000;

/** Resolves once so many more assets were handled than before. */
async function workBegins(harness: KillHarness, before: number, more: number): Promise<void> {
  for (let endMs = performance.now() + LONGEST_START_MS, seen = before; performance.now() < endMs; await sleep(5)) {
    const calls = harness.callCount();
    if (calls >= before + more) return;
    if (seen === before && calls > before) endMs = performance.now() + LONGEST_WORK_MS;
    seen = calls;
  }
}

/**
 * Kills at random moments until the job has ended; after each kill, what is committed must never be handled again. At
 * work after `most` assets of a life at most, else within `longestMs` of its start.
 */
export async function killUntilDone(
  harness: KillHarness,
  start: () => void,
  longestMs: number,
  kills: number,
  most = MOST_BEFORE_KILL,
): Promise<KillRun> {
  let committed = new Set<string>();
  let found = 0;
  const expectNoRepeat = (before: number): void => {
    const repeated = harness
      .calls()
      .slice(before)
      .filter((path) => committed.has(path));
    expect(repeated, "assets with a committed outcome that were handled again").to.deep.equal([]);
  };
  const runOf = (id: string, done: number): KillRun => ({
    id,
    kills: done,
    found,
    repeated: harness.calls().length - new Set(harness.calls()).size,
  });
  for (let kill = 0; kill < kills; kill++) {
    const before = harness.callCount();
    start();
    if (Math.random() < AT_WORK) await workBegins(harness, before, 1 + Math.floor(Math.random() * most));
    else await sleep(Math.random() * longestMs);
    await harness.kill();
    if (harness.callCount() > before) found++;
    expectNoRepeat(before);
    const job = await goOn(harness);
    // Ended before the last kill: the same command would begin a new job now, as it should.
    if (job?.ended) return runOf(job.id, kill + 1);
    if (job) committed = new Set((await harness.outcomes(job.id)).map(({ path }) => path));
  }
  const before = harness.calls().length;
  start();
  let id = await waitForEnd(harness);
  if ((await goOn(harness))?.ended === false) {
    start();
    id = await waitForEnd(harness);
  }
  expectNoRepeat(before);
  return runOf(id, kills);
}

/**
 * The newest job. Three deaths of discovery in a row without a page end a job, and over a slow repository kills come to
 * that: then it is resumed, as its operator would.
 */
async function goOn(harness: KillHarness): Promise<{ readonly id: string; readonly ended: boolean } | undefined> {
  const job = await harness.newest();
  if (!job?.ended) return job;
  const { status, comments } = await harness.status(job.id);
  if (status !== "FAILURE" || !/^workers died \d+ times in a row during discovery/.test(String(comments))) return job;
  process.stderr.write("      discovery was killed three times in a row without a page; resuming the job\n");
  await harness.run(["resume", job.id]);
  harness.resumes++;
  return { id: job.id, ended: false };
}

/** Calls an asset, over all of a job, that can no longer be repeats after kills. */
const MOST_CALLS = 10;

/** Resolves with the newest job's id once it has ended; fails where nothing is handled for so long. */
export async function waitForEnd(harness: KillHarness, stuckAfterMs = 120_000): Promise<string> {
  let calls = -1;
  for (let endMs = 0; ;) {
    const job = await harness.newest();
    if (job?.ended) return job.id;
    const now = harness.callCount();
    if (now > MOST_CALLS * harness.files)
      throw new Error(`the job has not ended after ${now} handler calls: ${harness.said}`);
    if (now !== calls) {
      calls = now;
      endMs = performance.now() + stuckAfterMs;
    } else if (performance.now() > endMs)
      throw new Error(`no asset handled for ${stuckAfterMs / 1_000} s, and the job has not ended: ${harness.said}`);
    await sleep(200);
  }
}

/** Exactly one outcome each, and every other account of the job agrees with the outcomes. */
export async function expectWhole(harness: KillHarness, id: string, failEvery = 0): Promise<void> {
  const failing = harness.failing(failEvery);
  const status = await harness.status(id);
  const outcomes = await harness.outcomes(id);
  expect(outcomes.length, `outcomes of ${JSON.stringify(status)}`).to.equal(harness.files);
  expect(new Set(outcomes.map(({ path }) => path)).size, "different paths").to.equal(harness.files);
  const failed = outcomes.filter(({ outcome }) => outcome !== "SUCCEEDED");
  const blamed = failed.filter(({ code }) => code !== "SCRIPTED");
  expect(JSON.stringify(blamed), "blamed assets").to.equal("[]");
  expect(failed.length).to.equal(failing);
  expect(await harness.failures(id)).to.deep.equal(failed);
  expect(new Set(harness.calls()).size, "handled assets").to.equal(harness.files);
  const succeededCount = harness.files - failing;
  expect(status).to.include({ status: "SUCCESS", succeededCount, failedCount: failing, attempt: 1 + harness.resumes });
  expect(status.migrationSet).to.deep.equal({ totalFiles: harness.files, calculationStatus: "SUCCESS" });
  expect(status.triggeredCount).to.equal(harness.files);
  const lines = await harness.logs(id);
  expect(lines.map(({ line }) => line)).to.deep.equal(lines.map((_, i) => i));
  expect(lines.filter(({ text }) => text.includes("Ended SUCCESS")).length, "ends in the log").to.equal(1);
  const told = lines.flatMap(({ text }) => /Failed (\S+): SCRIPTED/.exec(text)?.[1] ?? []).sort();
  expect(told, "failures in the log").to.deep.equal(failed.map(({ path }) => path).sort());
  await harness.place.check();
}

const SAMPLE = 5;

/**
 * What the assets' repository says: asked whether anything has changed, it holds the stamp of every asset that
 * succeeded, and of no other; and a sample of results is what the handler returned. To be called last: it is a job of
 * its own.
 */
export async function expectResults(harness: KillHarness, id: string, failEvery = 0): Promise<void> {
  const failing = harness.failing(failEvery);
  const outcomes = await harness.outcomes(id);
  const sample = Array.from({ length: SAMPLE }, (_, i) => outcomes[Math.floor((i * outcomes.length) / SAMPLE)]);
  for (const line of [...sample, outcomes.find(({ outcome }) => outcome === "FAILED")]) {
    if (!line) continue;
    const { path, outcome } = line;
    const result = await harness.result(path);
    const wanted = outcome === "SUCCEEDED" ? { seen: true, jobId: id } : { seen: undefined, jobId: undefined };
    expect({ seen: result?.properties.seen, jobId: result?.jobId }, path).to.deep.equal(wanted);
  }
  const before = harness.calls().length;
  const child = harness.startProcess("--only-changed", "--json");
  let out = "";
  child.stdout?.on("data", (data: Buffer) => (out += data.toString()));
  await new Promise((over) => child.once("close", over));
  const status = JSON.parse(out.trimEnd().split("\n").at(-1) ?? "") as object;
  expect(status).to.include({ skippedCount: harness.files - failing, failedCount: failing, succeededCount: 0 });
  expect(harness.calls().length - before, "handled again: what had failed, and has no stamp").to.equal(failing);
}
