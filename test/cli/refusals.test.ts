import { expect } from "chai";
import { readdirSync } from "node:fs";
import type { Ended } from "./running-command.js";
import { jsonLines, linesOf, SAMPLE, severally, Workbench } from "./workbench.js";

const NO_JOB = "165f1de6-68c4-4dcd-9223-2b7242b62306";

interface Refusal {
  readonly args: readonly string[];
  readonly code: string;
  /** What the sentence must name. */
  readonly says: RegExp;
}

describe("the command line", () => {
  const bench = new Workbench();
  bench.write("file.txt", "no folder");
  bench.write("broken.json", "{");
  bench.write("strange.json", '{"prot": 1}');
  bench.write("mistaken.json", '{"port": "many"}');
  const { store } = bench;
  const on = (...args: readonly string[]): readonly string[] => [...args, "--store", store];
  const sample = (...args: readonly string[]) => on("process", "/content/dam/espresso", "--assets", SAMPLE, ...args);
  const invalid = (says: RegExp, args: readonly string[]): Refusal => ({ args, code: "INVALID_PARAMETER", says });

  const REFUSALS: Readonly<Record<string, Refusal>> = {
    "process without --assets": invalid(/--assets/, on("process", "/")),
    "serve without --assets": invalid(/--assets/, on("serve", "--port", "0")),
    "show without --assets": invalid(/--assets/, on("show", "/a.dita")),
    "assets of an unknown kind": invalid(/ftp:x.*folder:DIR/, on("process", "/", "--assets", "ftp:x")),
    "assets with an unknown parameter": invalid(
      /mout.*did you mean "mount"/,
      on("process", "/", "--assets", "folder:.?mout=/x"),
    ),
    "a folder that is not there": invalid(/nowhere/, on("process", "/", "--assets", `folder:${bench.path("nowhere")}`)),
    "a file for a folder": invalid(
      /file\.txt is not a folder/,
      on("process", "/", "--assets", `folder:${bench.path("file.txt")}`),
    ),
    "a store of an unknown kind": invalid(/mysql:x.*sqlite:FILE/, ["history", "--store", "mysql:x"]),
    "a path that is not in the repository": {
      args: on("process", "/content/dam/espresso/none", "--assets", SAMPLE),
      code: "PATH_NOT_FOUND",
      says: /\/content\/dam\/espresso\/none/,
    },
    "a path that climbs": invalid(/"\.\."/, on("process", "/content/dam/../x", "--assets", SAMPLE)),
    "an unknown type": { args: sample("--type", "NOPE"), code: "UNKNOWN_TYPE", says: /NOPE.*ASSET_PROCESSING/ },
    "an unknown file type": invalid(/^file-type: .*DITATOPIC, DITAMAP, MARKDOWN/, sample("--file-type", "PDF")),
    "a date that is none": invalid(/created-after.*yesterday/, sample("--created-after", "yesterday")),
    "a date that is read in two ways": invalid(
      /created-after.*03\/02\/2026.*2026-01-31/,
      sample("--created-after", "03/02/2026"),
    ),
    "a time without an offset": invalid(
      /created-before.*2026-01-31T08:00/,
      sample("--created-before", "2026-01-31T08:00"),
    ),
    "a day that no month has": invalid(
      /created-before.*2026-02-31/,
      sample("--created-before", "2026-02-31T08:00:00Z"),
    ),
    "a span that ends before it begins": invalid(
      /^created-after: must not be after created-before$/,
      sample("--created-after", "2026-02-01", "--created-before", "2026-01-01"),
    ),
    "a day before the epoch": invalid(
      /^created-after: .*1970-01-01; got 0000-01-01/,
      sample("--created-after", "0000-01-01"),
    ),
    "an excluded path that is none": invalid(
      /^exclude " \/b": must not have a blank/,
      sample("--exclude", "/a", "--exclude", " /b"),
    ),
    "no chunk size": invalid(/^chunk-size: /, sample("--chunk-size", "0")),
    "too many at once": invalid(/concurrency/, sample("--concurrency", "1001")),
    "a plugin that is not there": invalid(/none\.mjs/, sample("--plugin", "none.mjs")),
    "an unknown auth": invalid(/auth.*magic/, on("serve", "--assets", SAMPLE, "--auth", "magic", "--port", "0")),
    "a host that others can reach": invalid(
      /0\.0\.0\.0.*loopback|loopback.*0\.0\.0\.0/,
      on("serve", "--assets", SAMPLE, "--host", "0.0.0.0", "--port", "0"),
    ),
    "a host that others can reach, without auth": invalid(
      /loopback/,
      on("serve", "--assets", SAMPLE, "--host", "::", "--port", "0", "--auth", "none"),
    ),
    "a port beyond all": invalid(/70000/, on("serve", "--assets", SAMPLE, "--port", "70000")),
    "a config file that is not there": invalid(/none\.json/, on("serve", "--config", bench.path("none.json"))),
    "a config file that is no JSON": invalid(/broken\.json/, on("serve", "--config", bench.path("broken.json"))),
    "a config file with an unknown option": invalid(
      /prot.*did you mean "port"/,
      on("serve", "--config", bench.path("strange.json")),
    ),
    "a config file with a wrong value": invalid(/port/, on("serve", "--config", bench.path("mistaken.json"))),
    "the status of an unknown job": { args: on("status", NO_JOB), code: "JOB_NOT_FOUND", says: new RegExp(NO_JOB) },
    "the logs of an unknown job": { args: on("logs", NO_JOB), code: "JOB_NOT_FOUND", says: new RegExp(NO_JOB) },
    "no lines of the logs of an unknown job": {
      args: on("logs", NO_JOB, "--limit", "0"),
      code: "(JOB_NOT_FOUND|INVALID_PARAMETER)",
      says: /./,
    },
    "the outcomes of an unknown job": { args: on("outcomes", NO_JOB), code: "JOB_NOT_FOUND", says: /no job/ },
    "the failures of an unknown job": { args: on("failures", NO_JOB), code: "JOB_NOT_FOUND", says: /no job/ },
    "cancelling an unknown job": { args: on("cancel", NO_JOB), code: "JOB_NOT_FOUND", says: /no job/ },
    "restarting an unknown job": { args: on("restart", NO_JOB), code: "JOB_NOT_FOUND", says: /no job/ },
    "retrying an unknown job": { args: on("retry-failed", NO_JOB), code: "JOB_NOT_FOUND", says: /no job/ },
    "the history before an unknown job": {
      args: on("history", "--before", NO_JOB),
      code: "JOB_NOT_FOUND",
      says: /no job/,
    },
    "the history of a status that is none": invalid(/DONE.*WAITING, PROCESSING/, on("history", "--status", "DONE")),
    "a store and a server": invalid(
      /--store.*--server/,
      on("history", "--server", "http://127.0.0.1:1", "--token", "t"),
    ),
    "a token without a server": invalid(/--server/, on("history", "--token", "t")),
    "a server that is no URL": invalid(/server.*http:/, ["history", "--server", "127.0.0.1:4599"]),
    "a server whose URL holds credentials": invalid(/--token/, ["history", "--server", "http://a:b@127.0.0.1:1"]),
    "too many failures to be a percentage": invalid(/^max-failures: must be/, sample("--max-failures", "101%")),
    "tail together with offset": invalid(/tail.*offset/, on("logs", NO_JOB, "--tail", "1", "--offset", "1")),
  };

  before(async () => {
    // A store to ask.
    expect((await bench.call(sample())).code).to.equal(0);
  });
  after(() => bench.dispose());

  for (const [name, { args, code, says }] of Object.entries(REFUSALS)) {
    it(`refuses ${name} with exit code 2 and one problem object`, async () => {
      const refused = await bench.call([...args, "--json"]);
      expect(refused.code, refused.out + refused.err).to.equal(2);
      expect(linesOf(refused), refused.err).to.have.length(1);
      const [problem] = jsonLines(refused);
      expect(problem).to.include.all.keys("type", "title", "code", "detail");
      expect(problem.code).to.match(new RegExp(`^${code}$`));
      expect(problem.detail).to.match(says);
      expect(refused.out + refused.err, "a stack trace").not.to.match(/\n\s+at /);
    });
  }

  it("reports a refusal to people in one sentence on standard error, and prints nothing on standard output", async () => {
    const names = ["process without --assets", "an unknown type", "the status of an unknown job"];
    for (const refused of await severally(names, (name) => bench.run(REFUSALS[name]?.args ?? []))) {
      expect([refused.code, refused.out]).to.deep.equal([2, ""]);
      expect(refused.err).to.match(/^assetmill: .+\n$/);
    }
  });

  it("reports a refusal to scripts as one problem object on standard output, and prints nothing else there", async () => {
    const names = ["process without --assets", "an unknown type", "a host that others can reach"];
    for (const refused of await severally(names, (name) => bench.run([...(REFUSALS[name]?.args ?? []), "--json"]))) {
      expect(refused.code).to.equal(2);
      expect(refused.out).to.match(/^\{.*\}\n$/);
      expect(JSON.parse(refused.out)).to.include.all.keys("type", "title", "code", "detail");
    }
  });

  it("leaves no signal handlers behind: a program that embeds it keeps its own Ctrl-C", async () => {
    const before = [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];
    await bench.call(sample("--plugin", "none.mjs"));
    await bench.call(["process", "/", "--store", store, "--assets", `folder:${bench.path("nowhere")}`]);
    await bench.call(["serve", "--store", store, "--assets", `folder:${bench.path("nowhere")}`]);
    await bench.call(sample("--exclude", "/x"));
    expect([process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")]).to.deep.equal(before);
  });

  it("names the job and its status if that status forbids the action", async () => {
    const [{ processingId }] = (await bench.ask("history")) as [{ processingId: string }];
    // No asset of it failed.
    const actions = ["cancel", "pause", "resume", "retry-failed"];
    for (const action of actions) {
      const refused = await bench.call(on(action, processingId, "--json"));
      expect(refused.code).to.equal(2);
      expect(linesOf(refused)).to.have.length(1);
      expect(jsonLines(refused)[0]).to.include({ code: "ILLEGAL_STATE", processingId, jobStatus: "SUCCESS" });
    }
  });

  const WRONG_USAGE: Readonly<Record<string, readonly string[]>> = {
    "an unknown command": ["bogus"],
    "an unknown option": ["history", "--bogus"],
    "a missing job id": ["status"],
    "a missing path": ["process"],
    "an argument too many": ["history", "more"],
    "an option without its value": ["logs", NO_JOB, "--offset"],
    "an option's value of the wrong kind": ["logs", NO_JOB, "--offset", "-1"],
  };

  it("reports wrong usage on standard error with exit code 2, without a stack trace", async () => {
    const names = ["an unknown command", "an unknown option", "a missing job id"];
    const all = await severally([[], ...names.map((name) => WRONG_USAGE[name] ?? [])], (args) => bench.run(args));
    for (const refused of all) {
      expect([refused.code, refused.out]).to.deep.equal([2, ""]);
      expect(refused.err)
        .to.match(/./)
        .and.not.to.match(/\n\s+at /);
    }
  });

  it("also reports wrong usage with --json as one problem object on standard output", async () => {
    const names = Object.keys(WRONG_USAGE);
    const all = await severally(names, (name) => {
      const [command = "", ...rest] = WRONG_USAGE[name] ?? [];
      return bench.call([command, "--json", ...rest]);
    });
    expect(all.map(({ code }) => code)).to.deep.equal(names.map(() => 2));
    const without = names.filter((_name, i) => linesOf(all[i] as Ended).length !== 1);
    expect(without, "wrong usages without a problem object").to.deep.equal([]);
    for (const refused of all) {
      expect(jsonLines(refused)[0]).to.include.all.keys("type", "title", "code", "detail");
    }
  });

  it("prints help and version on standard output and exits with 0", async () => {
    const [help, ofProcess, version] = await severally([["--help"], ["process", "--help"], ["--version"]], (args) =>
      bench.run(args),
    );
    expect([help?.code, ofProcess?.code, version?.code]).to.deep.equal([0, 0, 0]);
    expect(help?.out).to.match(
      /process[^]*serve[^]*status[^]*logs[^]*failures[^]*outcomes[^]*retry-failed[^]*history[^]*show/,
    );
    expect(ofProcess?.out).to.match(/--chunk-size/);
    expect(version?.out).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it("refuses a mistyped store in every command that only reads, and creates no file", async () => {
    const files = readdirSync(bench.folder).sort();
    const commands = [
      ["status", NO_JOB],
      ["logs", NO_JOB],
      ["outcomes", NO_JOB],
      ["cancel", NO_JOB],
      ["restart", NO_JOB],
      ["history"],
      ["show", "/content/dam/espresso/topics/water.dita", "--assets", SAMPLE],
    ];
    const typo = ["--store", `sqlite:${bench.path("typo.sqlite")}`, "--json"];
    const all = await severally(commands, (args) => bench.call([...args, ...typo]));
    expect(all.map(({ code }) => code)).to.deep.equal(commands.map(() => 2));
    for (const { out } of all) expect(JSON.parse(out).detail).to.match(/store.*typo\.sqlite/);
    expect(readdirSync(bench.folder).sort()).to.deep.equal(files);
  });

  it("refuses a file that is no database as a store, and leaves it as it is", async () => {
    const refused = await bench.call(["history", "--store", `sqlite:${bench.path("file.txt")}`, "--json"]);
    expect(refused.code).to.equal(2);
    expect(jsonLines(refused)[0].code).to.equal("INVALID_PARAMETER");
    expect((await bench.shell("cat file.txt")).out).to.equal("no folder");
  });
});
