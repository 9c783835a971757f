import { expect } from "chai";
import { jsonLines, linesOf, Workbench } from "./workbench.js";

const topic = (...targets: readonly string[]): string =>
  `<topic id="t"><title>T</title><body>${targets.map((href) => `<xref href="${href}"/>`).join("")}</body></topic>`;

describe("warnings", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  /** Two warnings about one topic, one about another, none about a third. */
  const tree = (name: string): string =>
    bench.tree(
      { "a.dita": topic("gone.dita", "b.dita"), "b.dita": topic("x.dita", "y.dita"), "c.dita": topic("a.dita") },
      name,
    );
  const process = (name: string, ...flags: readonly string[]) =>
    bench.call([
      "process",
      "/content/dam/t",
      "--assets",
      tree(name),
      "--store",
      `sqlite:${bench.path(`${name}.sqlite`)}`,
      ...flags,
    ]);

  it("are counted in the summary, the status, the history and the log, beside the command that lists them", async () => {
    const store = ["--store", `sqlite:${bench.path("counted.sqlite")}`];
    const { code, out, err } = await process("counted");
    expect(code, "warnings alone fail nothing").to.equal(0);
    expect(out).to.match(/^Warnings: 3$/m);
    const [, id = "", command = ""] = /^To see the warnings: assetmill logs (\S+) (.+)$/m.exec(err) ?? [];
    expect(command).to.equal(`--level WARN ${store.join(" ")}`);

    const listed = linesOf(await bench.call(["logs", id, ...command.split(" ")]));
    expect(listed.map((line) => line.slice(line.indexOf("] ") + 2)).sort()).to.deep.equal([
      "/content/dam/t/a.dita: broken reference /content/dam/t/gone.dita",
      "/content/dam/t/b.dita: broken reference /content/dam/t/x.dita",
      "/content/dam/t/b.dita: broken reference /content/dam/t/y.dita",
    ]);
    expect((await bench.call(["status", id, ...store])).out).to.match(/^Warnings: +3$/m);
    const [status] = jsonLines(await bench.call(["status", id, ...store, "--json"]));
    const [listedJob] = jsonLines(await bench.call(["history", ...store, "--json"]));
    expect([status.warningCount, listedJob.warningCount]).to.deep.equal([3, 3]);
    expect((await bench.call(["logs", id, ...store])).out).to.match(/\] Warnings 3$/m);
  });

  it("include those about the request: an excluded path that leaves nothing out", async () => {
    const clean = bench.tree({ "a.dita": topic() }, "excluding");
    const flags = ["--store", `sqlite:${bench.path("excluding.sqlite")}`, "--exclude", "/content/dam/t/typo"];
    const ended = await bench.call(["process", "/content/dam/t", "--assets", clean, ...flags, "--fail-on-warnings"]);
    expect(ended.code, ended.err).to.equal(1);
    expect(ended.out).to.match(/^Warnings: 1$/m);
  });

  it("fail a run with --fail-on-warnings, and only then", async () => {
    const flags = ["--fail-on-warnings", "--json"];
    const { code, out } = await process("strict", ...flags);
    expect([code, jsonLines({ out }).at(-1)?.status]).to.deep.equal([1, "SUCCESS"]);
    const clean = bench.tree({ "a.dita": topic() }, "clean");
    const store = ["--store", `sqlite:${bench.path("clean.sqlite")}`];
    const sound = await bench.call(["process", "/content/dam/t", "--assets", clean, ...store, ...flags]);
    expect([sound.code, jsonLines(sound).at(-1)?.warningCount]).to.deep.equal([0, 0]);
  });

  it("are listed by number in JSON, as many as --limit says, from --offset on; --tail is refused", async () => {
    await process("paged");
    const store = ["--store", `sqlite:${bench.path("paged.sqlite")}`];
    const [{ processingId: id }] = jsonLines(await bench.call(["history", ...store, "--json"]));
    const logs = (...flags: readonly string[]) => bench.call(["logs", id, ...store, "--json", ...flags]);
    const all = jsonLines(await logs());
    const warnings = all.filter(({ text }) => text.includes(": WARN: "));
    expect(warnings).to.have.lengthOf(3);
    expect(jsonLines(await logs("--level", "WARN"))).to.deep.equal(warnings);
    expect(jsonLines(await logs("--level", "WARN", "--limit", "2"))).to.deep.equal(warnings.slice(0, 2));
    const after = String(warnings[0].line + 1);
    expect(jsonLines(await logs("--level", "WARN", "--offset", after))).to.deep.equal(warnings.slice(1));
    expect(jsonLines(await logs("--level", "INFO"))).to.deep.equal(
      all.filter((line) => !warnings.some(({ text }) => text === line.text)),
    );
    const refused = await logs("--level", "WARN", "--tail", "3");
    expect([refused.code, JSON.parse(refused.out).detail]).to.deep.equal([
      2,
      "level: --level and --tail cannot be combined",
    ]);
    expect((await logs("--level", "LOUD")).code).to.equal(2);
  });
});
