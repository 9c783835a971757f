import { expect } from "chai";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { jsonLines, SAMPLE, until, Workbench } from "../cli/workbench.js";
import { Server } from "./server.js";
import { itMeasures } from "../support/timed.js";

const ESPRESSO = "/content/dam/espresso";
const START = { path: ESPRESSO, excludedPaths: [`${ESPRESSO}/media`], type: "ASSET_PROCESSING" };

/** From the answer to a cancel or pause until the job stands so: a second to be told, and what a busy machine takes. */
const STANDS_WITHIN_MS = 5_000;

describe("assetmill serve", () => {
  const bench = new Workbench();
  let server: Server;
  let open: Server;

  before(async () => {
    [server, open] = await Promise.all([
      Server.start(bench, SAMPLE),
      Server.start(bench, SAMPLE, "--auth", "none", "--store", `sqlite:${bench.path("open.sqlite")}`),
    ]);
  });
  after(() => bench.dispose());

  it("prints with --json one line with the origin and a token, and nothing else", () => {
    const lines = jsonLines(server.command);
    expect(lines).to.deep.equal([{ url: server.url, token: server.token }]);
    expect(new URL(server.url).origin).to.equal(server.url);
    expect(new URL(server.url).hostname).to.equal("127.0.0.1");
    expect(server.token).to.match(/^\S{20,}$/);
  });

  it("answers 401 without the token or with a wrong one, and says what to do", async () => {
    const wrong: Record<string, string>[] = [
      {},
      { authorization: "Bearer wrong" },
      { authorization: `Basic ${Buffer.from("admin:admin").toString("base64")}` },
      { authorization: `Basic ${Buffer.from(`${server.token}:`).toString("base64")}` },
    ];
    for (const headers of wrong) {
      const started = await server.post(START, headers);
      expect(started.status).to.equal(401);
      expect(started.headers.get("www-authenticate")).to.match(/Bearer|Basic/);
      expect(started.headers.get("content-type")).to.match(/^application\/problem\+json/);
      expect(started.body.code).to.equal("UNAUTHENTICATED");
      expect((await server.ask("/status?processingId=x", { headers })).status).to.equal(401);
    }
    expect(await bench.ask("history"), "jobs that were started").to.deep.equal([]);
  });

  const BODIES: Readonly<Record<string, unknown>> = {
    "as documented": START,
    "without the leading slash": { ...START, path: ESPRESSO.slice(1), excludedPaths: [`${ESPRESSO.slice(1)}/media`] },
    "with excludedPaths as a string": { ...START, excludedPaths: `${ESPRESSO}/media` },
    "with a trailing slash and a filter that asks for nothing": {
      ...START,
      path: `${ESPRESSO}/`,
      filter: { fileTypes: [], filterProcessedAssets: false },
    },
  };

  for (const [how, body] of Object.entries(BODIES)) {
    it(`answers a start (${how}) with an id; the job ends SUCCESS, and has its log`, async () => {
      const started = await server.post(body);
      expect(started.status).to.equal(200);
      expect(Object.keys(started.body)).to.deep.equal(["processingId"]);
      const id: string = started.body.processingId;
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const report = await server.ended(id);
      expect(report).to.deep.include({
        processingId: id,
        path: ESPRESSO,
        excludedPaths: [`${ESPRESSO}/media`],
        status: "SUCCESS",
        type: "ASSET_PROCESSING",
        hasLogs: true,
        migrationSet: { totalFiles: 19, calculationStatus: "SUCCESS" },
        triggeredCount: 19,
        succeededCount: 18,
        failedCount: 0,
        skippedCount: 1,
        comments: "completed: 19 assets",
        restartable: true,
        resumable: false,
        cancellable: false,
      });
      expect(report.eta).to.include({ value: 0, unit: "SECONDS" });
      const lines = await server.logs(id);
      expect(lines[0]).to.match(new RegExp(`Started by .*: path=${ESPRESSO} excluded=\\[${ESPRESSO}/media\\]`));
      expect(lines.at(-1)).to.match(/Ended SUCCESS: completed: 19 assets$/);
    });
  }

  it("accepts the token as password of any Basic user", async () => {
    const headers = { authorization: `Basic ${Buffer.from(`anna:${server.token}`).toString("base64")}` };
    const started = await server.post(START, headers);
    expect(started.status).to.equal(200);
    await server.ended(started.body.processingId);
  });

  it("lets everybody in with --auth none, on loopback", async () => {
    expect(open.token).to.equal(null);
    const report = await open.ended(await open.startJob(START));
    expect(report).to.include({ status: "SUCCESS", succeededCount: 18 });
  });

  it("refuses with --auth none a request under another host name: a rebound DNS name is not this machine", async () => {
    const { port } = new URL(open.url);
    const status = await new Promise<number | undefined>((answered, failed) => {
      const path = "/bin/guides/v1/assets/process/status?processingId=x";
      const headers = { host: `evil.example:${port}` };
      request({ host: "127.0.0.1", port, path, headers, timeout: 5_000 }, (response) => {
        response.resume();
        answered(response.statusCode);
      })
        .once("error", failed)
        .end();
    });
    expect(status).to.equal(400);
  });

  it("refuses what the command refuses, as a problem", async () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [{ ...START, path: "/content/dam/none" }, "PATH_NOT_FOUND"],
      [{ ...START, type: "NOPE" }, "UNKNOWN_TYPE"],
      [{ ...START, exludedPaths: [] }, "UNKNOWN_FIELD"],
      [{ ...START, filter: { startTime: 1_761_291_362 } }, "INVALID_PARAMETER"],
    ];
    for (const [body, code] of cases) {
      const refused = await server.post(body);
      expect([refused.status, refused.body.code]).to.deep.equal([400, code]);
      expect(JSON.stringify(refused.body)).not.to.include(process.cwd());
    }
    const unknown = await server.ask("/status?processingId=165f1de6-68c4-4dcd-9223-2b7242b62306");
    expect([unknown.status, unknown.body.code]).to.deep.equal([400, "JOB_NOT_FOUND"]);
  });

  it("stores what it processed so that another process reads the same status object", async () => {
    const id = await server.startJob(START);
    const report = await server.ended(id);
    const [status] = jsonLines(await bench.run(["status", id, "--store", bench.store, "--json"]));
    expect(status).to.deep.equal(report);
    const lines = (await bench.ask("logs", id)).map(({ text }) => text);
    expect(lines).to.deep.equal(await server.logs(id));
  });

  it("exits with 2 and a clear error, not a stack trace, if the port is in use", async () => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
    const port = String((taken.address() as AddressInfo).port);
    try {
      const args = ["serve", "--assets", SAMPLE, "--store", `sqlite:${bench.path("port.sqlite")}`, "--port", port];
      const refused = await bench.run(args);
      expect([refused.code, refused.out]).to.deep.equal([2, ""]);
      expect(refused.err).to.match(new RegExp(`^assetmill: .*${port}.*in use.*\\n$`));
    } finally {
      taken.close();
    }
  });

  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const) {
    let runs = 0;
    const endBySignal = async (): Promise<number> => {
      const store = `sqlite:${bench.path(`${signal}-${++runs}.sqlite`)}`;
      const mortal = await Server.start(bench, SAMPLE, "--store", store);
      await mortal.ended(await mortal.startJob(START));
      const began = performance.now();
      mortal.command.signal(signal);
      const { code: ended, err } = await mortal.command.ended;
      expect(ended, err).to.equal(code);
      const tookMs = performance.now() - began;
      const gone = await fetch(mortal.url).catch((error: unknown) => error);
      expect(gone).to.be.instanceOf(Error);
      return tookMs;
    };
    itMeasures(
      `exits with ${code} on ${signal}, even while a connection is kept alive`,
      endBySignal,
      `exits at once on ${signal}, even while a connection is kept alive`,
      (tookMs) => expect(tookMs).to.be.lessThan(4_000),
    );
  }
});

describe("assetmill serve with a running job", () => {
  const ROOT = "/content/dam/t";
  const bench = new Workbench();
  let server: Server;

  before(async () => {
    const assets = bench.topics(40);
    server = await Server.start(bench, assets, "--plugin", bench.journalPlugin({ delayMs: 5_000 }), "--auth", "none");
  });
  after(() => bench.dispose());

  it("refuses an overlapping start naming the running job, over HTTP as on the command line", async () => {
    const id = await server.startJob({ path: ROOT, type: "ASSET_PROCESSING" });
    await until("the first asset", () => bench.journalled("begin").length > 0);
    for (const path of [ROOT, "/content", `${ROOT}/f000`, `${ROOT}/f000/a000039.dita`]) {
      const refused = await server.post({ path, type: "ASSET_PROCESSING" });
      expect([refused.status, refused.body.code, refused.body.processingId], path).to.deep.equal([
        400,
        "PATH_BUSY",
        id,
      ]);
    }
    const assets = `folder:${bench.path("tree")}?mount=${ROOT}`;
    const args = ["process", `${ROOT}/f000`, "--assets", assets, "--store", bench.store, "--json"];
    const refused = await bench.call(args);
    expect(refused.code).to.equal(2);
    expect(jsonLines(refused)[0]).to.include({ code: "PATH_BUSY", processingId: id });
    expect((await server.status(id)).status).to.equal("PROCESSING");
  });

  it("shows its job's status to another process, whose cancel reaches the handlers within about a second", async () => {
    const [job] = await bench.ask("history");
    const id = job.processingId as string;
    const [status] = jsonLines(await bench.run(["status", id, "--store", bench.store, "--json"]));
    expect(status).to.deep.include({ processingId: id, status: "PROCESSING", cancellable: true });

    const cancel = await bench.run(["cancel", id, "--store", bench.store, "--json"]);
    expect(cancel.code, cancel.err).to.equal(0);
    const toldAt = Date.now();
    expect(jsonLines(cancel)[0].status).to.match(/^CANCELL(?:ING|ED)$/);
    const aborts = await until("an abort", () => {
      const lines = bench.journalled("abort");
      return lines.length > 0 ? lines : undefined;
    });
    // Told within a second; the rest is for a busy machine.
    expect((aborts[0]?.at ?? 0) - toldAt).to.be.lessThan(2_000);
    const report = await server.ended(id);
    expect(Date.now() - toldAt, "CANCELLED after, ms").to.be.lessThan(STANDS_WITHIN_MS);
    expect(report).to.include({ status: "CANCELLED", cancellable: false, resumable: true });
    expect(report.comments).to.match(/^cancelled by /);
    const begun = bench.journalled("begin").length;
    expect(bench.journalled("abort").length + bench.journalled("end").length).to.equal(begun);
    expect(report.processedCount + report.failedCount, "told to stop is no outcome").to.equal(
      bench.journalled("end").length,
    );
  });

  it("frees the path after that, and passes on a pause from another process, too", async () => {
    const before = { begun: bench.journalled("begin").length, told: bench.journalled("abort").length };
    const id = await server.startJob({ path: ROOT, type: "ASSET_PROCESSING" });
    await until("a handler at work", () => bench.journalled("begin").length > before.begun);
    expect((await bench.run(["pause", id, "--store", bench.store])).code).to.equal(0);
    const toldAt = Date.now();
    const report = await until("PAUSED", async () => {
      const now = await server.status(id);
      return now.status === "PAUSED" ? now : undefined;
    });
    expect(Date.now() - toldAt, "PAUSED after, ms").to.be.lessThan(STANDS_WITHIN_MS);
    expect(report).to.include({ resumable: true, cancellable: true, restartable: false, completedAt: 0 });
    const aborts = bench.journalled("abort").slice(before.told);
    expect(aborts.length).to.be.greaterThan(0);
    expect(Math.max(...aborts.map(({ at }) => at)) - toldAt, "the last signal after, ms").to.be.lessThan(2_000);
  });

  it("lets running handlers end on SIGTERM, keeps their outcomes, and leaves the job to be resumed", async () => {
    const [job] = await bench.ask("history");
    const id = job.processingId as string;
    await bench.ask("resume", id);
    const begun = bench.journalled("begin").length;
    await until("handlers at work", () => bench.journalled("begin").length > begun);
    const ends = bench.journalled("end").length;
    server.command.signal("SIGTERM");
    const { code, err } = await server.command.ended;
    expect(code, err).to.equal(143);
    const kept = bench.journalled("end").length - ends;
    expect(kept, "handlers that were let end").to.be.greaterThan(0);
    const [after] = await bench.ask("status", id);
    expect(after).to.include({ status: "PROCESSING", succeededCount: kept, attempt: 1 });
  });
});
