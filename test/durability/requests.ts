import { expect } from "chai";
import { ended } from "./kill-harness.js";
import { FAIL_EVERY, FINAL, type Scenario, serve, withHarness } from "./scene.js";

const FILES = 20_000;
const SLOWEST_MS = 1_000;

/**
 * Sends requests of every kind while jobs run at full speed: none is slow, none is wrong. Counters never decrease and always
 * add up; log pages read while the log is written equal the log at the end; failures match the outcomes.
 */
export const requests: Scenario = async ({ mode, kills: size }) =>
  withHarness({ mode, files: FILES, delayMs: 0, failEvery: FAIL_EVERY }, async (harness) => {
    const { child, api, post } = await serve(harness);
    const times: number[] = [];
    const ask = async (path: string): Promise<any> => {
      const sentMs = performance.now();
      const response = await fetch(`${api}/${path}`);
      const body = await response.json();
      times.push(performance.now() - sentMs);
      expect(response.status, path).to.equal(200);
      return body;
    };
    const most = Math.min(10_000, size * 50);
    let jobs = 0;
    let amidWork = 0;
    while (times.length < most) {
      const started = await post("", { path: "/content/dam/kill", type: "ASSET_PROCESSING" });
      const { processingId } = started.body as { processingId: string };
      const of = `processingId=${processingId}`;
      const lines: string[] = [];
      let processed = 0;
      for (let isOver = false; !isOver;) {
        const before = times.length;
        const status = await ask(`status?${of}`);
        isOver = FINAL.includes(status.status);
        expect(status.processedCount, "never goes back").to.be.at.least(processed);
        expect(status.processedCount).to.equal(status.succeededCount + status.failedCount + status.skippedCount);
        processed = status.processedCount;
        const [page, tail, history, failures, outcomes] = await Promise.all([
          ask(`logs?${of}&offset=${lines.length}&limit=1000`),
          ask(`logs?${of}&tail=100`),
          ask("history?limit=5"),
          ask(`failures?${of}&limit=100`),
          ask(`outcomes?${of}&limit=100`),
        ]);
        expect(page.offset).to.equal(lines.length);
        lines.push(...page.lines);
        expect(tail.lines.length).to.be.within(0, 100);
        expect(history.executionHistory[0].processingId).to.equal(processingId);
        for (const { outcome } of failures.failures) expect(outcome).not.to.equal("SUCCEEDED");
        const paths = outcomes.outcomes.map(({ path }: { path: string }) => path);
        expect(new Set(paths).size, "one outcome each").to.equal(paths.length);
        if (!isOver) amidWork += times.length - before;
      }
      const status = await ask(`status?${of}`);
      expect(status).to.include({ status: "SUCCESS", processedCount: FILES, failedCount: harness.failing(FAIL_EVERY) });
      for (let more = true; more;) {
        const page = await ask(`logs?${of}&offset=${lines.length}&limit=1000`);
        lines.push(...page.lines);
        more = page.hasMore;
      }
      const whole = (await harness.logs(processingId)).map(({ text }) => text);
      expect(lines.length, "lines of the log").to.equal(whole.length);
      for (const [i, line] of lines.entries()) expect(line, `line ${i}`).to.include(whole[i] ?? "nothing");
      jobs++;
    }
    times.sort((a, b) => a - b);
    const worst = times.at(-1) ?? 0;
    expect(worst, "slowest answer, ms").to.be.lessThan(SLOWEST_MS);
    child.kill("SIGTERM");
    await ended(child);
    const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
    return `${times.length} requests, ${amidWork} of them during ${jobs} jobs of ${FILES} assets, p99 ${p99.toFixed(0)} ms, slowest ${worst.toFixed(0)} ms, none wrong`;
  });
