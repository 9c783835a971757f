import { expect } from "chai";
import { readFileSync } from "node:fs";
import { BENCHES } from "../../bench/benches.js";
import { renderResults, type Results, type Step } from "../../bench/results.js";

const STEP: Step = { command: "npm run bench -- one", end: "done", seconds: 12.4, figures: [], output: "all well\n" };
const results = (given: Partial<Results>): string =>
  renderResults({
    command: "npm run bench",
    date: new Date("2026-12-01T14:05:59Z"),
    machine: [["Node", "v20.20.2"]],
    steps: [STEP],
    missing: [],
    ...given,
  });

describe("bench/RESULTS.md", () => {
  it("names its command, the date and the machine", () => {
    expect(results({}))
      .to.include("Written by `npm run bench`, 2026-12-01 14:05 UTC. Do not edit: run it again.")
      .and.to.include("|  | this run |\n| --- | --- |\n| Node | v20.20.2 |\n");
  });

  it("has a row for each figure: both sides, the value, the goal, whether it is reached, and the command", () => {
    const figures = [
      { name: "slow", ours: "2.0 k/s", peer: "the loop: 4.0 k/s", value: 0.5, goal: { atLeast: 1.6 } },
      { name: "small", ours: "100 MB", value: 100, unit: "MB", goal: { atMost: 160 } },
      { name: "free", ours: "7 ms", value: 7.25, unit: "ms" },
    ];
    expect(results({ steps: [{ ...STEP, figures }] })).to.include(
      [
        "| figure | assetmill | beside | value | goal | reached | command |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| slow | 2.0 k/s | the loop: 4.0 k/s | 0.50 × | ≥ 1.6 × | no | `npm run bench -- one` |",
        "| small | 100 MB |  | 100 MB | ≤ 160 MB | yes | `npm run bench -- one` |",
        "| free | 7 ms |  | 7.25 ms |  |  | `npm run bench -- one` |",
        "",
      ].join("\n"),
    );
  });

  it("has the reason in place of a refused ratio, on one line and in one cell", () => {
    const figures = [{ name: "refused", ours: "no rate", goal: { atLeast: 1 }, refused: "the loop failed: a | b\nc" }];
    expect(results({ steps: [{ ...STEP, figures }] })).to.include(
      "| refused | no rate |  | none: the loop failed: a \\| b c | ≥ 1 × | no | `npm run bench -- one` |\n",
    );
  });

  it("has a section for each command, with what it printed and how it ended", () => {
    const steps: Step[] = [
      STEP,
      { ...STEP, command: "npm run bench -- two", end: "too late", seconds: 300.2, output: "half" },
      { ...STEP, command: "npm run bench -- three", end: "not run", seconds: 0.2, output: "*** NOT RUN: three ***\n" },
    ];
    expect(results({ steps })).to.match(
      /## npm run bench -- one\n\n12 s\.\n\n```text\nall well\n```\n\n## npm run bench -- two\n\n\*\*Ended, because it took too long\.\*\* 300 s\.\n\n```text\nhalf\n```\n\n## npm run bench -- three\n\n\*\*Not run\.\*\* 0 s\.\n\n```text\n\*\*\* NOT RUN: three \*\*\*\n```\n$/,
    );
  });

  it("shows the end of long output, and says how much it leaves out", () => {
    const output = Array.from({ length: 200 }, (_, i) => `line ${i}`).join("\n");
    const text = results({ steps: [{ ...STEP, output }] });
    expect(text).to.include("```text\n… 80 lines\nline 80\n").and.to.include("line 199\n```");
  });

  it("says that it is not complete as long as a command has not run", () => {
    expect(results({})).not.to.include("Not complete");
    expect(results({ missing: ["npm run bench -- two", "npm run bench -- three"] })).to.include(
      "**Not complete.** These commands have not run: `npm run bench -- two`, `npm run bench -- three`.",
    );
  });
});

describe("the benchmarks", () => {
  it("have names that differ, and a limit of time each", () => {
    expect(new Set(BENCHES.map(({ name }) => name))).to.have.property("size", BENCHES.length);
    for (const { name, limitMinutes } of BENCHES) expect(limitMinutes, name).to.be.within(1, 30);
  });

  it("have the documented commands", () => {
    const readme = readFileSync("README.md", "utf8");
    for (const { name, whole } of BENCHES) if (whole) expect(readme, name).to.include(`npm run bench -- ${name}`);
  });

  it("pin their peers to one version each", () => {
    const { dependencies } = JSON.parse(readFileSync("bench/peers/package.json", "utf8"));
    const { packages } = JSON.parse(readFileSync("bench/peers/package-lock.json", "utf8"));
    expect(packages[""].dependencies).to.deep.equal(dependencies);
    for (const [name, version] of Object.entries(dependencies)) {
      expect(packages[`node_modules/${name}`].version, name).to.equal(version);
    }
    const pom = readFileSync("bench/peers/spring-batch/pom.xml", "utf8");
    const versions = [...pom.matchAll(/<artifactId>([^<]+)<\/artifactId><version>([^<]*)</g)];
    expect(versions).to.have.length.above(5);
    for (const [, artifact, version] of versions) expect(version, artifact).to.match(/^\d+(\.\d+)+$/);
  });
});
