import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { execa } from "execa";
import { Elapsed, Indicatif, Tqdm } from "../../bench/eta/peers.js";
import { makeTrace } from "../../bench/eta/made-traces.js";
import { replay } from "../../bench/eta/replay.js";
import { tempFolder } from "../support/temp-folder.js";

const MAIN = fileURLToPath(new URL("../../bench/main.js", import.meta.url));
const eta = (args: readonly string[]) =>
  execa(process.execPath, [MAIN, "eta", ...args], { reject: false, timeout: 60_000 });

describe("npm run bench -- eta", () => {
  it("prints the errors of all estimators on a trace as one line of JSON", async () => {
    const { folder, remove } = await tempFolder();
    const file = join(folder, "trace.jsonl");
    try {
      const made = await eta(["--make", file, "--kind", "folders", "--assets", "400", "--seed", "7"]);
      expect(made.exitCode, made.stderr).to.equal(0);
      const [head = ""] = (await readFile(file, "utf8")).split("\n");
      expect(JSON.parse(head)).to.have.all.keys("total", "census", "concurrency", "prior");
      const { stdout, exitCode } = await eta(["--trace", file]);
      expect([exitCode, stdout.split("\n").length]).to.deep.equal([0, 1]);
      const errors = JSON.parse(stdout) as Record<string, number>;
      expect(Object.keys(errors)).to.deep.equal(["ours", "elapsed", "tqdm", "indicatif"]);
      for (const error of Object.values(errors)) expect(error).to.be.within(0, 1_000);
      expect(errors.ours).to.be.below(Math.min(errors.tqdm ?? 0, errors.indicatif ?? 0));
    } finally {
      await remove();
    }
  });

  it("takes any names of types, and refuses a trace that lacks a line", async () => {
    const { folder, remove } = await tempFolder();
    const file = join(folder, "trace.jsonl");
    const head = { total: 40, census: { pdf: { assets: 40, bytes: 400 } }, concurrency: 1, prior: null };
    const lines = Array.from({ length: 40 }, (_, i) => ({ at: 100 * (i + 1), type: "pdf", size: 10, durationMs: 100 }));
    const text = (from: number): string => [head, ...lines.slice(from)].map((line) => JSON.stringify(line)).join("\n");
    try {
      await writeFile(file, text(0));
      expect(JSON.parse((await eta(["--trace", file])).stdout).ours).to.be.below(0.01);
      await writeFile(file, text(1));
      const { exitCode, stdout, stderr } = await eta(["--trace", file]);
      expect([exitCode, stdout]).to.deep.equal([1, ""]);
      expect(stderr).to.contain("the header says 40 assets, but 39 follow");
    } finally {
      await remove();
    }
  });
});

describe("the estimators that ours is compared with", () => {
  it("agree on a steady rate", () => {
    for (const peer of [new Elapsed(), new Tqdm(), new Indicatif()]) {
      for (let done = 1; done <= 300; done++) peer.record(done, 200 * done);
      expect(peer.remainingMs(300, 500, 60_000)).to.be.closeTo(40_000, 1);
    }
  });

  it("follow a change as fast as their smoothing says", () => {
    const [tqdm, indicatif] = [new Tqdm(), new Indicatif()];
    let atMs = 0;
    for (let done = 1; done <= 310; done++) {
      atMs += done <= 300 ? 200 : 400;
      for (const peer of [tqdm, indicatif]) peer.record(done, atMs);
    }
    // tqdm: 0.7^10 of the steps' time is old. indicatif: 4 s of two averages, of which a tenth is left after 15 s.
    expect(tqdm.remainingMs(310, 410, atMs)).to.be.closeTo(100 * (400 - 200 * 0.7 ** 10), 1);
    const weight = 0.1 ** (4 / 15);
    const rate = 1 / 400 + (1 / 200 - 1 / 400) * weight * (1 - Math.log(weight));
    expect(indicatif.remainingMs(310, 410, atMs)).to.be.closeTo(100 / rate, 300);
  });
});

describe("the estimator of jobs", () => {
  it("errs at most 0.35 times as much as the better of tqdm and indicatif on folders of mixed types", () => {
    for (const [seed, concurrency] of [
      [11, 1],
      [12, 4],
      [13, 8],
    ] as const) {
      const trace = makeTrace({ name: "folders", assets: 3_000, concurrency, prior: "absent", seed });
      const { ours, tqdm, indicatif } = replay(trace);
      expect(ours).to.be.at.most(0.35 * Math.min(tqdm, indicatif));
    }
  });
});
