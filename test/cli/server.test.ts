import { expect } from "chai";
import { createServer, type AddressInfo } from "node:net";
import { Server } from "../system/server.js";
import type { Ended } from "./running-command.js";
import { BROKEN, jsonLines, linesOf, TOPIC, until, Workbench } from "./workbench.js";
import { itMeasures } from "../support/timed.js";

const ROOT = "/content/dam/t";
const BASE = "/bin/guides/v1/assets/process";
const NO_JOB = "165f1de6-68c4-4dcd-9223-2b7242b62306";

describe("the commands about jobs with --server", () => {
  const bench = new Workbench();
  let server: Server;
  /** Ended with failures; more outcomes and log lines than one page holds. */
  let large: string;
  /** Ended without any. */
  let fine: string;
  /** Cancelled. */
  let cancelled: string;
  /** Interrupted, and of a handler that the server lacks, so that it never takes it. */
  let idle: string;

  const withStore = (args: readonly string[]): Promise<Ended> => bench.call([...args, "--store", bench.store]);
  const withServer = (args: readonly string[]): Promise<Ended> =>
    bench.call([...args, "--server", server.url, "--token", server.token ?? ""]);

  before(async () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 1_100; i++) {
      files[`a${i}.dita`] = "<broken";
      files[`b${i}.bin`] = "no handler";
    }
    for (let i = 0; i < 300; i++) files[`c${i}.dita`] = TOPIC;
    const assets = bench.tree(files);
    const job = async (...args: readonly string[]): Promise<string> => {
      const { out } = await withStore(["process", ...args, "--json"]);
      return jsonLines({ out }).at(-1).processingId as string;
    };
    large = await job(ROOT, "--assets", assets);
    fine = await job(`${ROOT}/c1.dita`, "--assets", assets);
    const plugin = bench.journalPlugin({ delayMs: 300 });
    for (const keep of [(id: string) => (cancelled = id), (id: string) => (idle = id)]) {
      const slow = bench.start(["process", ROOT, "--assets", assets, "--plugin", plugin, "--store", bench.store]);
      const [, id = ""] = await slow.says(/^Job (\S+)/m);
      const ends = bench.journalled("end").length;
      await until("some outcomes", () => bench.journalled("end").length > ends);
      slow.signal("SIGINT");
      await slow.ended;
      keep(id);
      if (idle === undefined) await bench.ask("cancel", id);
    }
    await bench.ask("pause", idle);
    server = await Server.start(bench, assets);
  });
  after(() => bench.dispose());

  const SAME: Readonly<Record<string, () => readonly string[]>> = {
    "status of a job with failures": () => ["status", large],
    "status of a job without": () => ["status", fine],
    "status of a cancelled job": () => ["status", cancelled],
    "status of a paused job": () => ["status", idle],
    "all of a log, over several pages": () => ["logs", large],
    "the log from a line on": () => ["logs", large, "--offset", "990"],
    "some lines of the log": () => ["logs", large, "--offset", "3", "--limit", "1002"],
    "the end of the log": () => ["logs", large, "--tail", "3"],
    "no line of the end": () => ["logs", large, "--tail", "0"],
    "the log beyond its end": () => ["logs", large, "--offset", "1000000"],
    "outcomes, over several pages": () => ["outcomes", large],
    "failures, over several pages": () => ["failures", large],
    "failures where there are none": () => ["failures", fine],
    "outcomes of a job that stopped half-way": () => ["outcomes", idle],
    "the history": () => ["history"],
    "the history, one job": () => ["history", "--limit", "1"],
    "the history before a job": () => ["history", "--before", cancelled],
    "the history by status": () => ["history", "--status", "PAUSED"],
    "the history by type": () => ["history", "--type", "ASSET_PROCESSING", "--limit", "2"],
    "the history of an unknown type": () => ["history", "--type", "NONE"],
    "the history by path": () => ["history", "--path", `${ROOT}/c1.dita`],
    "the history of a path above": () => ["history", "--path", "/content/dam"],
    "the history of a path where nothing ran": () => ["history", "--path", "/content/dam/t/c"],
    "the history of nobody": () => ["history", "--created-by", "nobody at all"],
    "cancel of what is cancelled": () => ["cancel", cancelled],
    "status of an unknown job": () => ["status", NO_JOB],
    "logs of an unknown job": () => ["logs", NO_JOB],
    "outcomes of an unknown job": () => ["outcomes", NO_JOB],
    "failures of an unknown job": () => ["failures", NO_JOB],
    "cancel of an unknown job": () => ["cancel", NO_JOB],
    "pause of an unknown job": () => ["pause", NO_JOB],
    "resume of an unknown job": () => ["resume", NO_JOB],
    "restart of an unknown job": () => ["restart", NO_JOB],
    "retry-failed of an unknown job": () => ["retry-failed", NO_JOB],
    "the history before an unknown job": () => ["history", "--before", NO_JOB],
    "a job id that is none": () => ["status", "a b/c?d=e&f#g%00é"],
    "cancel of what ended": () => ["cancel", fine],
    "pause of what ended": () => ["pause", fine],
    "pause of what is paused": () => ["pause", idle],
    "resume of what is done": () => ["resume", fine],
    "restart of what has not ended": () => ["restart", idle],
    "retry-failed of what has not ended": () => ["retry-failed", idle],
    "retry-failed where nothing failed": () => ["retry-failed", fine],
    "restart where a paused job holds the path": () => ["restart", fine],
    "resume where a paused job holds the path": () => ["resume", cancelled],
    "retry-failed where a paused job holds the path": () => ["retry-failed", large],
  };

  for (const [what, args] of Object.entries(SAME)) {
    it(`print byte for byte what --store prints, in words and with --json: ${what}`, async () => {
      for (const more of [[], ["--json"]]) {
        const ofStore = await withStore([...args(), ...more]);
        const ofServer = await withServer([...args(), ...more]);
        expect(ofServer).to.deep.equal(ofStore);
        if (ofStore.code === 2) expect(ofStore.out + ofStore.err).to.match(/./);
        else expect(ofStore.code).to.equal(0);
      }
    });
  }

  it("are compared above on reports of several pages and on jobs in these states", async () => {
    expect(linesOf(await withServer(["outcomes", large]))).to.have.length(2_500);
    expect(linesOf(await withServer(["failures", large]))).to.have.length(2_200);
    expect(linesOf(await withServer(["logs", large])).length).to.be.greaterThan(1_100);
    const statuses = await Promise.all([large, fine, cancelled, idle].map((id) => server.status(id)));
    expect(statuses.map(({ status }) => status)).to.deep.equal(["SUCCESS", "SUCCESS", "CANCELLED", "PAUSED"]);
    for (const [flag, value, expected] of [
      ["--status", "PAUSED", [idle]],
      ["--path", `${ROOT}/c1.dita`, [fine]],
      ["--before", cancelled, [fine, large]],
      ["--created-by", "nobody at all", []],
    ] as const) {
      const ids = jsonLines(await withServer(["history", flag, value, "--json"])).map((report) => report.processingId);
      expect(ids, flag).to.deep.equal(expected);
    }
  });

  const REFUSED_ALIKE: Readonly<Record<string, () => readonly string[]>> = {
    "no line of a log": () => ["logs", large, "--limit", "0"],
    "tail together with offset": () => ["logs", large, "--tail", "1", "--offset", "1"],
    "too long a tail": () => ["logs", large, "--tail", "10001"],
    "too long a history": () => ["history", "--limit", "1001"],
    "no history": () => ["history", "--limit", "0"],
    "a history of a path that climbs": () => ["history", "--path", "/content/../x"],
  };

  for (const [what, args] of Object.entries(REFUSED_ALIKE)) {
    it(`refuse with the same code as --store: ${what}`, async () => {
      const refusals = await Promise.all([withStore([...args(), "--json"]), withServer([...args(), "--json"])]);
      expect(refusals.map(({ code }) => code)).to.deep.equal([2, 2]);
      expect(refusals.map((refused) => jsonLines(refused)[0].code)).to.deep.equal([
        "INVALID_PARAMETER",
        "INVALID_PARAMETER",
      ]);
    });
  }

  it("pause, resume and cancel with the same effect and output", async () => {
    const said: unknown[][] = [];
    for (const tell of [withStore, withServer]) {
      const each: unknown[] = [];
      for (const args of [
        ["resume", idle, "--json"],
        ["pause", idle, "--json"],
        ["resume", idle],
        ["pause", idle],
      ]) {
        const { err, ...ended } = await tell(args);
        expect(err === "", args.join(" ")).to.equal(tell === withServer || args[0] === "pause");
        each.push(ended);
      }
      said.push(each);
    }
    expect(said[1]).to.deep.equal(said[0]);
  });

  it("say on resume, restart and retry-failed what will run the job if it is not the server", async () => {
    await bench.ask("cancel", idle);
    for (const action of ["restart", "retry-failed"]) {
      // In a store of its own, so that no server takes it.
      const other = ["--store", `sqlite:${bench.path(`${action}.sqlite`)}`, "--json"];
      const { out } = await bench.call(["process", "/content/dam/broken", "--assets", BROKEN, ...other]);
      const { processingId } = jsonLines({ out }).at(-1);
      const ofStore = await bench.call([action, processingId, ...other]);
      expect(ofStore.code, ofStore.out).to.equal(0);
      expect(ofStore.err).to.match(/assetmill serve/);
      expect(jsonLines(ofStore)[0]).to.deep.include({ restartedFrom: processingId, status: "WAITING", attempt: 1 });
      expect(jsonLines(ofStore)[0].processingId).not.to.equal(processingId);

      const ofServer = await withServer([action, large, "--json"]);
      expect([ofServer.code, ofServer.err]).to.deep.equal([0, ""]);
      const [made] = jsonLines(ofServer);
      expect(made).to.deep.include({ restartedFrom: large, path: ROOT, createdBy: "token" });
      expect(Object.keys(made)).to.deep.equal(Object.keys(jsonLines(ofStore)[0]));
      const ended = await server.ended(made.processingId);
      const [succeeded, failed] = action === "restart" ? [300, 1_100] : [0, 1_100];
      expect(ended).to.include({ succeededCount: succeeded, failedCount: failed });
      // In words it has the row of where it came from.
      const { out: words } = await withServer(["status", made.processingId]);
      expect(words).to.match(new RegExp(`^Restarted from: +${large}$`, "m"));
    }
  });

  it("accept the whole URL of the API with --server, and name:password as Basic with --token", async () => {
    const asked = ["--server", `${server.url}${BASE}/`, "--token", `anna:${server.token}`];
    const [ofServer, ofStore] = [await bench.call(["status", fine, ...asked]), await withStore(["status", fine])];
    expect(ofServer).to.deep.equal(ofStore);
    const { out } = await bench.call(["restart", fine, "--json", ...asked]);
    expect(jsonLines({ out })[0]).to.include({ createdBy: "anna" });
  });

  it("log in with --token name:password if the server knows its callers by Basic", async () => {
    const password = "pä55:word with blanks";
    const made = await bench.shell(`printf %s "$password" | "$node" "$assetmill" hash-password anna > users`, {
      env: { password },
    });
    expect(made.code, made.err).to.equal(0);
    const own = ["--store", `sqlite:${bench.path("basic.sqlite")}`];
    const basic = await Server.start(bench, BROKEN, ...own, "--auth", `basic:${bench.path("users")}`);
    const asked = (token: string, ...args: readonly string[]) =>
      bench.call([...args, "--server", basic.url, "--token", token, "--json"]);
    const { out } = await bench.call(["process", "/content/dam/broken", "--assets", BROKEN, ...own, "--json"]);
    const { processingId } = jsonLines({ out }).at(-1);
    const [restarted] = jsonLines(await asked(`anna:${password}`, "restart", processingId));
    expect(restarted).to.include({ createdBy: "anna", restartedFrom: processingId });
    const history = jsonLines(await asked(`anna:${password}`, "history", "--created-by", "anna"));
    expect(history.map((report) => report.processingId)).to.deep.equal([restarted.processingId]);
    for (const token of ["anna:wrong", `bert:${password}`, "anna:", "not-basic"]) {
      const refused = await asked(token, "history");
      expect([refused.code, jsonLines(refused)[0].code], token).to.deep.equal([2, "UNAUTHENTICATED"]);
    }
  });

  it("read ASSETMILL_SERVER and ASSETMILL_TOKEN unless flags are given; a flag for another place overrides both", async () => {
    const env = { ASSETMILL_SERVER: server.url, ASSETMILL_TOKEN: server.token ?? "" };
    const ofEnv = await bench.run(["status", fine, "--json"], { env });
    expect([ofEnv.code, ofEnv.err]).to.deep.equal([0, ""]);
    expect(jsonLines(ofEnv)[0].processingId).to.equal(fine);
    const typo = ["--store", `sqlite:${bench.path("typo.sqlite")}`];
    const ofFlag = await bench.run(["status", fine, ...typo], { env });
    expect([ofFlag.code, ofFlag.err]).to.satisfy(([code, err]: [number, string]) => code === 2 && /typo/.test(err));
    const { ASSETMILL_SERVER: _, ...token } = env;
    const mixed = { ...token, ASSETMILL_STORE: `sqlite:${bench.path("typo.sqlite")}` };
    const ofServerFlag = await bench.run(["status", fine, "--json", "--server", server.url], { env: mixed });
    expect([ofServerFlag.code, ofServerFlag.out]).to.deep.equal([0, ofEnv.out]);
    const empty = { ASSETMILL_SERVER: "", ASSETMILL_TOKEN: "", ASSETMILL_STORE: bench.store };
    const ofStore = await bench.run(["status", fine, "--json"], { env: empty });
    expect([ofStore.code, ofStore.out], "an empty variable is none").to.deep.equal([0, ofEnv.out]);
    const both = await bench.run(["status", fine], { env: { ...env, ...mixed } });
    expect([both.code, both.out]).to.deep.equal([2, ""]);
    expect(both.err).to.match(/^assetmill: server: .*--store.*--server.*\n$/);
  });

  it("exit with 2 if a token is wrong or missing, in a sentence that says what to do but not the token", async () => {
    const secret = "not-the-right-token";
    for (const [token, says] of [
      [["--token", secret], /^assetmill: http:\/\/\S+ rejected this token\n$/],
      [["--token", `anna:${secret}`], /^assetmill: http:\/\/\S+ rejected this token\n$/],
      [["--token", `${secret}\n`], /^assetmill: token: .*name:password\n$/],
      [[], /^assetmill: http:\/\/\S+ requires authentication: .*--token.*ASSETMILL_TOKEN\n$/],
    ] as const) {
      for (const args of [["status", fine], ["cancel", fine], ["history"], ["outcomes", fine], ["logs", fine]]) {
        const refused = await bench.call([...args, "--server", server.url, ...token]);
        expect([refused.code, refused.out]).to.deep.equal([2, ""]);
        expect(refused.err).to.match(says);
        const json = await bench.call([...args, "--server", server.url, ...token, "--json"]);
        expect(json.code).to.equal(2);
        expect(jsonLines(json)[0].code).to.match(/^(?:UNAUTHENTICATED|INVALID_PARAMETER)$/);
        expect(refused.err + json.out + json.err).not.to.include(secret);
      }
    }
  });

  it("name the variable in their help, and never print the token that it contains", async () => {
    const env = { ASSETMILL_TOKEN: "secret-of-the-environment", ASSETMILL_SERVER: server.url };
    const [help, wrong] = await Promise.all([
      bench.run(["status", "--help"], { env }),
      bench.run(["status", "--bogus"], { env }),
    ]);
    expect(help.out).to.match(/ASSETMILL_TOKEN/);
    expect(help.out + wrong.out + wrong.err).not.to.include("secret-of-the-environment");
  });

  const askNobody = async (): Promise<number> => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
    const { port } = taken.address() as AddressInfo;
    await new Promise((closed) => taken.close(closed));
    const began = performance.now();
    for (const args of [["status", fine], ["history"], ["logs", fine], ["failures", fine], ["restart", fine]]) {
      const refused = await bench.run([...args, "--server", `http://127.0.0.1:${port}`, "--token", "secret-one"]);
      expect([refused.code, refused.out]).to.deep.equal([2, ""]);
      expect(refused.err).to.match(
        new RegExp(
          `^assetmill: server: http://127\\.0\\.0\\.1:${port}${BASE}: nothing listens there \\(ECONNREFUSED\\)\\n$`,
        ),
      );
    }
    return performance.now() - began;
  };
  itMeasures("exit with 2 if there is no server, and say so", askNobody, "exit soon if there is no server", (tookMs) =>
    expect(tookMs).to.be.lessThan(20_000),
  );

  it("name a server that is not assetmill, or an origin with a wrong path, as such", async () => {
    const wrong = await withServerAt(`${server.url}/elsewhere`);
    expect([wrong.code, wrong.out]).to.deep.equal([2, ""]);
    expect(wrong.err).to.match(/^assetmill: server: \S+\/elsewhere: no such endpoint; check the path of --server\n$/);
    const { port } = new URL(server.url);
    const noTls = await withServerAt(`https://127.0.0.1:${port}`);
    expect([noTls.code, noTls.out]).to.deep.equal([2, ""]);
    expect(noTls.err).to.match(/^assetmill: server: https:.+TLS.+\n$/);
  });

  const withServerAt = (url: string): Promise<Ended> =>
    bench.call(["status", fine, "--server", url, "--token", server.token ?? ""]);
});
