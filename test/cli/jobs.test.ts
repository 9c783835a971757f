import { expect } from "chai";
import type { Ended } from "./running-command.js";
import { BROKEN, jsonLines, linesOf, SAMPLE, Workbench } from "./workbench.js";

const TASTING = "/content/dam/broken/topics/tasting.dita";
const LOG_LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}: (?:INFO|WARN|ERROR): \[ASSET_PROCESSING\] \S/;

describe("the commands about jobs", () => {
  const bench = new Workbench();
  let id: string;
  const at = (...args: readonly string[]): Promise<Ended> => bench.call([...args, "--store", bench.store]);
  /** The same in a process of its own, as a script would. */
  const script = (...args: readonly string[]): Promise<Ended> => bench.run([...args, "--store", bench.store]);

  before(async () => {
    const { code, out } = await at("process", "/content/dam/broken", "--assets", BROKEN, "--json");
    expect(code).to.equal(1);
    id = JSON.parse(out).processingId;
  });
  after(() => bench.dispose());

  it("show a job's status in words and as one status object", async () => {
    const [plain, json] = await Promise.all([at("status", id), script("status", id, "--json")]);
    expect([plain.code, json.code]).to.deep.equal([0, 0]);
    expect(plain.out).to.match(new RegExp(`^Job: +${id}$`, "m"));
    expect(plain.out).to.match(/^Path: +\/content\/dam\/broken$/m);
    expect(plain.out).to.match(/^Status: +SUCCESS$/m);
    expect(plain.out).to.match(/^Done: +6\/6 \(4 succeeded, 1 failed, 1 skipped\)$/m);
    expect(plain.out).to.match(/^Comments: +completed with 1 failed of 6 assets$/m);
    const [report, ...more] = jsonLines(json);
    expect(more).to.deep.equal([]);
    expect(report).to.deep.include({ processingId: id, status: "SUCCESS", failedCount: 1, skippedCount: 1 });
  });

  it("print with outcomes --json one object per asset, in path order, with exactly the documented fields", async () => {
    const outcomes = jsonLines(await script("outcomes", id, "--json"));
    expect(outcomes.map(({ at: _, ...rest }) => rest)).to.deep.equal([
      { path: "/content/dam/broken/bean.svg", outcome: "SKIPPED", code: "NO_HANDLER", attempts: 0 },
      { path: "/content/dam/broken/beans.ditamap", outcome: "SUCCEEDED", attempts: 1 },
      {
        path: "/content/dam/broken/topics/blending.dita",
        outcome: "FAILED",
        code: "XML_NOT_WELL_FORMED",
        message: "line 8, column 36: end tag </i> where </b> is expected",
        handler: "dita",
        attempts: 1,
      },
      { path: "/content/dam/broken/topics/grinding.dita", outcome: "SUCCEEDED", attempts: 1 },
      { path: "/content/dam/broken/topics/storing.dita", outcome: "SUCCEEDED", attempts: 1 },
      { path: TASTING, outcome: "SUCCEEDED", attempts: 1 },
    ]);
    const [report] = await bench.ask("status", id);
    for (const { at: instant } of outcomes) {
      // A little slack: outcomes are dated by their age at the commit, rounded.
      expect(instant).to.be.within(report.startedAt - 5, report.completedAt + 5);
    }
  });

  it("print with failures --json the same without successes; plain, both print one line per asset", async () => {
    const [all, failures, plain, plainAll] = await Promise.all([
      at("outcomes", id, "--json"),
      at("failures", id, "--json"),
      at("failures", id),
      at("outcomes", id),
    ]);
    expect(jsonLines(failures)).to.deep.equal(jsonLines(all).filter(({ outcome }) => outcome !== "SUCCEEDED"));
    expect(linesOf(plain)).to.have.length(2);
    expect(linesOf(plainAll)).to.have.length(6);
    expect(linesOf(plainAll)[1]).to.equal("SUCCEEDED /content/dam/broken/beans.ditamap");
    for (const { code, err } of [all, failures, plain, plainAll]) expect([code, err]).to.deep.equal([0, ""]);
  });

  it("number logs from 0 without gaps, as { line, text } with --json, and as text without it", async () => {
    const [plain, json] = await Promise.all([script("logs", id), script("logs", id, "--json")]);
    const lines = jsonLines(json);
    for (const line of lines) expect(Object.keys(line)).to.deep.equal(["line", "text"]);
    expect(lines.map(({ line }) => line)).to.deep.equal(lines.map((_, i) => i));
    expect(lines.map(({ text }) => text)).to.deep.equal(linesOf(plain));
    for (const { text } of lines) expect(text).to.match(LOG_LINE);
    const messages = lines.map(({ text }) => text.slice(text.indexOf("] ") + 2) as string);
    expect(messages[0]).to.match(/^Started by .+: path=\/content\/dam\/broken$/);
    expect(messages).to.include("Counted 6 assets");
    expect(messages).to.include(`${TASTING}: broken reference /content/dam/broken/topics/roasting.dita`);
    expect(messages.filter((message) => message.startsWith("Failed "))).to.deep.equal([
      "Failed /content/dam/broken/topics/blending.dita: XML_NOT_WELL_FORMED " +
        "line 8, column 36: end tag </i> where </b> is expected",
    ]);
    expect(messages.at(-1)).to.equal("Ended SUCCESS: completed with 1 failed of 6 assets");
  });

  it("print with logs --offset, --limit and --tail the lines with these numbers", async () => {
    const all = await bench.ask("logs", id);
    const asked: [readonly string[], readonly unknown[]][] = [
      [["--offset", "2"], all.slice(2)],
      [["--limit", "3"], all.slice(0, 3)],
      [["--offset", "1", "--limit", "2"], all.slice(1, 3)],
      [["--offset", "1000"], []],
      [["--tail", "2"], all.slice(-2)],
      [["--tail", "0"], []],
      [["--tail", "1000"], all],
    ];
    const answers = await Promise.all(asked.map(([flags]) => at("logs", id, "--json", ...flags)));
    answers.forEach((ended, i) => {
      const [flags, expected] = asked[i] ?? [];
      expect(ended.code, String(flags)).to.equal(0);
      expect(jsonLines(ended), String(flags)).to.deep.equal(expected);
    });
  });

  it("list with history the newest job first, one line or status object each, and at most --limit", async () => {
    const run = await at("process", "/content/dam/espresso", "--assets", SAMPLE, "--json");
    const { processingId: newer } = JSON.parse(run.out);
    const [plain, json, one] = await Promise.all([
      script("history"),
      script("history", "--json"),
      at("history", "--limit", "1", "--json"),
    ]);
    expect(linesOf(plain)).to.deep.equal([
      `${newer} SUCCESS    23/23 /content/dam/espresso`,
      `${id} SUCCESS    6/6 /content/dam/broken`,
    ]);
    expect(jsonLines(json).map(({ processingId }) => processingId)).to.deep.equal([newer, id]);
    expect(jsonLines(json)[1]).to.deep.equal((await bench.ask("status", id))[0]);
    expect(jsonLines(one).map(({ processingId }) => processingId)).to.deep.equal([newer]);
  });

  it("print with show what was written about an asset: properties, references, stamp", async () => {
    const show = (...more: readonly string[]) => script("show", TASTING, "--assets", BROKEN, ...more);
    const [plain, json] = await Promise.all([show(), show("--json")]);
    expect([plain.code, json.code]).to.deep.equal([0, 0]);
    const [result, ...more] = jsonLines(json);
    expect(more).to.deep.equal([]);
    expect(result).to.deep.include({ path: TASTING, jobId: id });
    expect(result.properties).to.deep.include({
      fmditaTitle: "Tasting beans",
      fmditaIds: ["tasting"],
      brokenReferences: ["/content/dam/broken/topics/roasting.dita"],
    });
    expect(result.references).to.deep.equal([
      { kind: "topic", target: "/content/dam/broken/topics/roasting.dita", handler: "dita" },
    ]);
    expect(result.stamp).to.include.all.keys("contentHash", "sizeBytes", "modifiedMs", "handlers");
    expect(result.stamp.contentHash).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(plain.out).to.match(/^ {2}fmditaTitle = Tasting beans$/m);
    expect(plain.out).to.include("/content/dam/broken/topics/roasting.dita");
    expect(plain.out).to.include(result.stamp.contentHash);
  });

  it("exit with 1 if show finds an asset that failed or was never processed, and with 2 if there is none", async () => {
    const show = (path: string) => at("show", path, "--assets", BROKEN);
    const [failed, missing, folder] = await Promise.all([
      show("/content/dam/broken/topics/blending.dita"),
      show("/content/dam/broken/none.dita"),
      show("/content/dam/broken/topics"),
    ]);
    expect([failed.code, failed.out]).to.deep.equal([1, ""]);
    expect(failed.err).to.include("has no results: nothing has processed it successfully yet");
    expect([missing.code, folder.code]).to.deep.equal([2, 2]);
  });
});

describe("the commands that change a job's state", () => {
  const bench = new Workbench();
  const at = (...args: readonly string[]): Promise<Ended> => bench.call([...args, "--store", bench.store]);
  after(() => bench.dispose());

  it("pause, resume and cancel a job that nobody runs, and print its status; the same process command resumes it", async () => {
    const assets = bench.topics(6);
    const plugin = bench.journalPlugin({ delayMs: 300 });
    const command = ["process", "/content/dam/t", "--assets", assets, "--plugin", plugin, "--store", bench.store];
    const slow = [...command, "--concurrency", "1"];
    // Interrupted, so that nobody runs it.
    const first = bench.start(slow);
    await first.says(/^Job /m);
    first.signal("SIGINT");
    expect((await first.ended).code).to.equal(130);
    const [job] = await bench.ask("history");
    const id = job.processingId as string;
    expect(["WAITING", "PROCESSING"]).to.include(job.status);

    const paused = await at("pause", id, "--json");
    expect(paused.code, paused.out).to.equal(0);
    expect(jsonLines(paused)).to.have.length(1);
    expect(jsonLines(paused)[0]).to.deep.include({ processingId: id, status: "PAUSED", resumable: true });

    const refused = await bench.call(slow);
    expect(refused.code, "process of a paused job").to.equal(2);
    expect(refused.err).to.include(`assetmill resume ${id}`);
    const [problem] = jsonLines(await bench.call([...slow, "--json"]));
    expect(problem).to.deep.include({ code: "ILLEGAL_STATE", processingId: id, jobStatus: "PAUSED" });

    const again = await at("pause", id, "--json");
    expect(again.code, "a second pause").to.equal(2);
    expect(jsonLines(again)[0]).to.include({ code: "ILLEGAL_STATE", jobStatus: "PAUSED" });

    const resumed = await at("resume", id);
    expect(resumed.code).to.equal(0);
    expect(resumed.out).to.match(/^Status: +WAITING$/m);
    expect(resumed.err).to.match(/assetmill serve.*assetmill process/s);

    const cancelled = await at("cancel", id, "--json");
    expect(cancelled.code).to.equal(0);
    expect(jsonLines(cancelled)[0]).to.deep.include({ status: "CANCELLED", cancellable: false, resumable: true });
    expect((await at("cancel", id)).code, "cancel again").to.equal(0);

    const revived = jsonLines(await at("resume", id, "--json"))[0];
    expect(revived).to.deep.include({ processingId: id, status: "WAITING", attempt: 2, completedAt: 0 });

    const end = await bench.call([...command, "--json"]);
    expect(end.code, end.err).to.equal(0);
    expect(end.err).to.include(`Resuming job ${id}`);
    expect(jsonLines(end).at(-1)).to.deep.include({ processingId: id, status: "SUCCESS", attempt: 2 });
    expect(bench.journalled("end").map(({ path }) => path)).to.have.members(
      (await bench.ask("outcomes", id)).map(({ path }) => path),
    );
    expect((await at("resume", id)).code, "resume of what is done").to.equal(2);
  });

  it("make a new waiting job with restart and retry-failed; process of the same request resumes the restarted one", async () => {
    const command = ["process", "/content/dam/broken", "--assets", BROKEN];
    const ended = jsonLines(await at(...command, "--json")).at(-1);
    const [restarted] = jsonLines(await at("restart", ended.processingId, "--json"));
    expect(restarted).to.deep.include({ status: "WAITING", restartedFrom: ended.processingId, attempt: 1 });
    const again = await at(...command, "--json");
    expect(again.err).to.include(`Resuming job ${restarted.processingId}`);
    expect(jsonLines(again).at(-1)).to.deep.include({ processingId: restarted.processingId, succeededCount: 4 });

    const [retried] = jsonLines(await at("retry-failed", ended.processingId, "--json"));
    expect(retried).to.deep.include({ status: "WAITING", restartedFrom: ended.processingId });
    const busy = await at(...command, "--json");
    expect([busy.code, jsonLines(busy)[0].code], "another request").to.deep.equal([2, "PATH_BUSY"]);
    expect(jsonLines(busy)[0].processingId).to.equal(retried.processingId);
    const [old] = await bench.ask("status", ended.processingId);
    expect(old, "the old one stays as it is").to.deep.equal(ended);
  });
});
