import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { tempFolder } from "../support/temp-folder.js";
import { BASE, SIBLINGS } from "./client.js";
import { MillServer, TYPE } from "./mill-server.js";

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const TREE = {
  "/in/a.dita": "x",
  "/in/b.ditamap": "x",
  "/in/deep/c.md": "fail",
  "/in/deep/d.txt": "skip",
  "/in-side/e.dita": "x",
};

describe("the contract on a socket: start", () => {
  let server: MillServer;

  before(async () => {
    server = await MillServer.open(TREE);
  });
  after(() => server.close());

  /** What a job processed, once it ended; its outcomes, by path. */
  const outcomesOf = async (request: object): Promise<Record<string, string>> => {
    const id = await server.start(request);
    await server.ends(id);
    const { body } = await server.get(`/outcomes?processingId=${id}`);
    return Object.fromEntries(body.outcomes.map(({ path, outcome }: any) => [path, outcome]));
  };

  const ALL = {
    "/in/a.dita": "SUCCEEDED",
    "/in/b.ditamap": "SUCCEEDED",
    "/in/deep/c.md": "FAILED",
    "/in/deep/d.txt": "SKIPPED",
  };

  const taken: [row: string, request: object, outcomes: object][] = [
    ["path of a folder", { path: "/in" }, ALL],
    ["path of a single asset", { path: "/in/a.dita" }, { "/in/a.dita": "SUCCEEDED" }],
    [
      "path without a leading slash, with doubled and trailing ones",
      { path: "in//deep/" },
      { "/in/deep/c.md": "FAILED", "/in/deep/d.txt": "SKIPPED" },
    ],
    [
      "paths",
      { path: undefined, paths: ["/in/a.dita", "/in-side"] },
      { "/in/a.dita": "SUCCEEDED", "/in-side/e.dita": "SUCCEEDED" },
    ],
    [
      "excludedPaths as an array",
      { excludedPaths: ["/in/deep"] },
      { "/in/a.dita": "SUCCEEDED", "/in/b.ditamap": "SUCCEEDED" },
    ],
    [
      "excludedPaths as one text, without a leading slash",
      { excludedPaths: "in/deep" },
      { "/in/a.dita": "SUCCEEDED", "/in/b.ditamap": "SUCCEEDED" },
    ],
    [
      "excludedPaths that need not exist, and exclude by whole segments",
      { excludedPaths: ["/in/de", "/in/a", "/nowhere"] },
      ALL,
    ],
    [
      "filter.fileTypes",
      { filter: { fileTypes: ["DITAMAP", "MARKDOWN"] } },
      { "/in/b.ditamap": "SUCCEEDED", "/in/deep/c.md": "FAILED" },
    ],
    ["filter.fileTypes as one text", { filter: { fileTypes: "DITATOPIC" } }, { "/in/a.dita": "SUCCEEDED" }],
    ["filter.fileTypes as an empty array", { filter: { fileTypes: [] } }, ALL],
    ["filter.startTime and endTime, inclusive", { filter: { startTime: 0, endTime: 0 } }, ALL],
    ["filter.startTime later than every asset", { filter: { startTime: 1 } }, {}],
    [
      "filter.filterProcessedAssets",
      { path: "/in/a.dita", filter: { filterProcessedAssets: true } },
      { "/in/a.dita": "SKIPPED" },
    ],
    ["priority", { path: "/in/a.dita", priority: 0 }, { "/in/a.dita": "SUCCEEDED" }],
  ];
  for (const [row, request, outcomes] of taken) {
    it(`accepts ${row}`, async () => expect(await outcomesOf(request)).to.deep.equal(outcomes));
  }

  const shown: [row: string, request: object, status: object][] = [
    ["path in its written form", { path: "in//deep/" }, { path: "/in/deep", paths: ["/in/deep"] }],
    [
      "the first of paths as path",
      { path: undefined, paths: ["in/b.ditamap", "/in/a.dita"] },
      { path: "/in/b.ditamap", paths: ["/in/b.ditamap", "/in/a.dita"] },
    ],
    ["excludedPaths always as an array", { excludedPaths: "in/deep/" }, { excludedPaths: ["/in/deep"] }],
    ["type", {}, { type: TYPE }],
    [
      "filter with its defaults",
      { filter: { fileTypes: "DITAMAP", startTime: 5 } },
      { filter: { fileTypes: ["DITAMAP"], startTime: 5, filterProcessedAssets: false } },
    ],
    ["priority", { priority: 9 }, { priority: 9 }],
    ["the default priority", {}, { priority: 5 }],
    ["no dry run", {}, { dryRun: false }],
  ];
  for (const [row, request, expected] of shown) {
    it(`status shows ${row}`, async () => {
      const id = await server.start(request);
      expect(await server.ends(id)).to.deep.include(expected);
    });
  }

  it("leaves excludedPaths and filter out of the answer if they were not given", async () => {
    const id = await server.start();
    expect(await server.ends(id)).to.not.have.any.keys("excludedPaths", "filter", "report", "restartedFrom");
  });

  it("answers a version 4 UUID and nothing else", async () => {
    const { status, body } = await server.act("/", { path: "/in/a.dita", type: TYPE });
    expect(status).to.equal(200);
    expect(body).to.have.all.keys("processingId");
    expect(body.processingId).to.match(UUID);
    await server.ends(body.processingId as string);
  });

  it("counts with dryRun what the real run finds, and writes nothing", async () => {
    const dry = await server.ends(await server.start({ dryRun: true }));
    expect(dry).to.include({ status: "SUCCESS", dryRun: true });
    expect(dry.report).to.deep.equal({
      byType: { DITATOPIC: 1, DITAMAP: 1, MARKDOWN: 1, OTHERS: 1 },
      skipped: {},
      first: "/in/a.dita",
      last: "/in/deep/d.txt",
      expectedSeconds: null,
    });
    expect(dry.migrationSet.totalFiles).to.equal(4);
    expect((await server.get("/results?path=/in/deep/c.md")).body.stamp).to.equal(null);
  });

  it("ends the job as FAILURE beyond maxFailures, given as a number or as a percentage", async () => {
    expect((await server.ends(await server.start({ path: "/in/deep", maxFailures: 0 }))).status).to.equal("FAILURE");
    expect((await server.ends(await server.start({ maxFailures: 1 }))).status).to.equal("SUCCESS");
    expect((await server.ends(await server.start({ maxFailures: "50%" }))).status).to.equal("SUCCESS");
  });

  const refused: [row: string, request: object, code: string, field: string, says: RegExp][] = [
    ["no path", { path: undefined }, "INVALID_PARAMETER", "path", /required/],
    ["an empty path", { path: " " }, "INVALID_PARAMETER", "path", /empty/],
    ["a path with ..", { path: "/in/../x" }, "INVALID_PARAMETER", "path", /segments/],
    ["a path with .", { path: "/in/./x" }, "INVALID_PARAMETER", "path", /segments/],
    ["a path with NUL", { path: "/in\0" }, "INVALID_PARAMETER", "path", /control/],
    ["a control character and no slash", { path: "in\u0085x" }, "INVALID_PARAMETER", "path", /control/],
    ["a blank before the slash", { path: " /in" }, "INVALID_PARAMETER", "path", /blank/],
    ["a blank at the end of a path", { path: "/in/deep " }, "PATH_NOT_FOUND", "path", /blank at its end/],
    ["a path with a backslash", { path: "\\in" }, "INVALID_PARAMETER", "path", /backslash/],
    ["an excluded path with ..", { excludedPaths: ["/in/.."] }, "INVALID_PARAMETER", "excludedPaths[0]", /segments/],
    ["no type", { type: undefined }, "INVALID_PARAMETER", "type", /required/],
    ["an unknown type, listing the known ones", { type: "NO" }, "UNKNOWN_TYPE", "type", /ASSET_PROCESSING/],
    [
      "an unknown file type, listing the allowed ones",
      { filter: { fileTypes: ["PDF"] } },
      "INVALID_PARAMETER",
      "filter.fileTypes",
      /DITATOPIC, DITAMAP, MARKDOWN, HTML\/CSS, DITAVAL, OTHERS/,
    ],
    [
      "a start after the end",
      { filter: { startTime: 2, endTime: 1 } },
      "INVALID_PARAMETER",
      "filter.startTime",
      /after/,
    ],
    [
      "a time in seconds, with a hint",
      { filter: { startTime: 1761291362 } },
      "INVALID_PARAMETER",
      "filter.startTime",
      /seconds/,
    ],
    ["a time that is no integer", { filter: { endTime: 1.5 } }, "INVALID_PARAMETER", "filter.endTime", /./],
    ["an unknown field", { exludedPaths: [] }, "UNKNOWN_FIELD", "exludedPaths", /excludedPaths/],
    ["an unknown field of the filter", { filter: { types: [] } }, "UNKNOWN_FIELD", "filter.types", /fileTypes/],
    ["a priority of 10", { priority: 10 }, "INVALID_PARAMETER", "priority", /9/],
    ["maxFailures of 101 %", { maxFailures: "101%" }, "INVALID_PARAMETER", "maxFailures", /percentage/],
    ["onOverlap that is not known", { onOverlap: "wait" }, "INVALID_PARAMETER", "onOverlap", /refuse or queue/],
    ["a path that is not in the repository", { path: "/in/zz" }, "PATH_NOT_FOUND", "path", /\/in\/zz/],
    [
      "one of the paths that is not in the repository",
      { path: undefined, paths: ["/in", "/out"] },
      "PATH_NOT_FOUND",
      "path",
      /\/out/,
    ],
  ];
  for (const [row, request, code, field, says] of refused) {
    it(`refuses ${row}`, async () => {
      const { status, headers, body } = await server.act("", { path: "/in", type: TYPE, ...request });
      expect([status, body.status, body.code]).to.deep.equal([400, 400, code]);
      expect(headers.get("content-type")).to.equal("application/problem+json");
      expect(body.errors.map((error: any) => error.field)).to.include(field);
      expect(JSON.stringify(body.errors)).to.match(says);
    });
  }

  describe("Idempotency-Key", () => {
    const keyed = (key: string, request: object) =>
      server.act("", { type: TYPE, ...request }, { "Idempotency-Key": key });

    it("gives the same job for the same key and normalised body, even while it holds the path", async () => {
      const first = await keyed("k1", { path: "/in/a.dita", excludedPaths: "x" });
      const second = await keyed("k1", { excludedPaths: ["/x/"], path: "in//a.dita", priority: 5 });
      expect([second.status, second.body]).to.deep.equal([200, first.body]);
      await server.ends(first.body.processingId as string);
      expect((await keyed("k1", { path: "/in/a.dita", excludedPaths: "x" })).body).to.deep.equal(first.body);
    });

    it("refuses another body", async () => {
      const first = await keyed("k2", { path: "/in/a.dita" });
      await server.ends(first.body.processingId as string);
      const other = await keyed("k2", { path: "/in/b.ditamap" });
      expect([other.status, other.body.code]).to.deep.equal([400, "IDEMPOTENCY_CONFLICT"]);
      expect(other.body.processingId).to.equal(first.body.processingId);
    });
  });
});

describe("the contract on a socket: the published examples", () => {
  let server: MillServer;

  before(async () => {
    server = await MillServer.open({
      "/content/dam/status-fetch1/a.dita": "x",
      "/content/dam/status-fetch1/b.ditamap": "x",
      "/content/dam/status-fetch1/c.txt": "x",
      "/content/dam/status-fetch1/excluded-folder/d.dita": "x",
      "/content/dam/status-fetch2/e.dita": "x",
      "/content/dam/dita-templates/f.dita": "x",
    });
  });
  after(() => server.close());

  const send = (text: string) =>
    server.ask(BASE, { method: "POST", body: text, headers: { "Content-Type": "application/json" } });

  const OLD = `{
  "path": "/content/dam/status-fetch1",
  "excludedPaths": [
    "content/dam/status-fetch1/excluded-folder"
  ],
  "type": "ASSET_PROCESSING"
}
`;
  const NEW_BROKEN = `{
  "path": "/content/dam/status-fetch1",
  "excludedPaths": [
    "content/dam/status-fetch1/excluded-folder"
  ],
  "type": "ASSET_PROCESSING",
  "filter": {
        "fileTypes": ["DITAMAP", "DITATOPIC"],
        "startTime": 1758876933000
        "endTime": 1764932039000
    }
}
`;
  const DOCUMENTED = [
    "processingId",
    "path",
    "status",
    "triggeredCount",
    "startedAt",
    "completedAt",
    "hasLogs",
    "createdBy",
    "type",
    "migrationSet",
    "eta",
    "comments",
    "restartable",
    "resumable",
    "cancellable",
  ];

  it("starts the old edition's request, without a filter, and returns each documented field with its type", async () => {
    const { status, body } = await send(OLD);
    expect(status).to.equal(200);
    const report = await server.ends(body.processingId as string);
    expect(report).to.include.all.keys(...DOCUMENTED, "excludedPaths");
    expect(report).to.deep.include({
      path: "/content/dam/status-fetch1",
      excludedPaths: ["/content/dam/status-fetch1/excluded-folder"],
      status: "SUCCESS",
      triggeredCount: 3,
      hasLogs: true,
      type: "ASSET_PROCESSING",
      migrationSet: { totalFiles: 3, calculationStatus: "SUCCESS" },
      restartable: true,
      resumable: false,
      cancellable: false,
    });
    expect(report.eta).to.include({ value: 0, unit: "SECONDS" });
    expect(report.startedAt).to.be.greaterThan(1_700_000_000_000);
    expect(report.completedAt).to.be.at.least(report.startedAt);
    expect([typeof report.comments, typeof report.createdBy]).to.deep.equal(["string", "string"]);
  });

  it("refuses the new edition's request as the page prints it: 400 with the place of the missing comma", async () => {
    const { status, body } = await send(NEW_BROKEN);
    expect([status, body.code]).to.deep.equal([400, "INVALID_JSON"]);
    expect(body.detail).to.equal('unexpected "\\"" at line 10, column 9');
  });

  it("starts the new edition's request, with its filter, once that comma is added", async () => {
    const { status, body } = await send(NEW_BROKEN.replace("6933000", "6933000,"));
    expect(status).to.equal(200);
    const { filter } = await server.ends(body.processingId as string);
    expect(filter).to.deep.equal({
      fileTypes: ["DITATOPIC", "DITAMAP"],
      startTime: 1758876933000,
      endTime: 1764932039000,
      filterProcessedAssets: false,
    });
  });

  it("starts, shows, cancels and resumes the migration page's job by JSON bodies", async () => {
    const { status, body } = await send(
      '{"path":"/content/dam/dita-templates","excludedPaths":["/content/dam/demo","/content/dam/demo1"],"type":"ASSET_PROCESSING"}',
    );
    expect(status).to.equal(200);
    const { processingId } = body;
    await server.ends(processingId as string);
    for (const [path, flag] of [
      ["/cancel", "cancellable"],
      ["/resume", "resumable"],
    ] as const) {
      const answer = await server.act(path, { processingId });
      expect([answer.status, answer.body.code, answer.body.jobStatus], flag).to.deep.equal([
        400,
        "ILLEGAL_STATE",
        "SUCCESS",
      ]);
    }
  });

  it("pages logs by lines, limit, offset and hasMore", async () => {
    const id = (await send(OLD)).body.processingId as string;
    await server.ends(id);
    const { body } = await server.get(`/logs?processingId=${id}&offset=0&limit=1`);
    expect(body).to.have.all.keys("lines", "limit", "offset", "hasMore");
    expect(body).to.deep.include({ limit: 1, offset: 0, hasMore: true });
    expect(body.lines).to.have.length(1);
  });

  it("lists status objects in executionHistory, with the filter that a job had", async () => {
    const { body } = await server.get("/history");
    expect(body).to.have.all.keys("executionHistory");
    expect(body.executionHistory.length).to.be.at.least(4);
    for (const entry of body.executionHistory) expect(entry).to.include.all.keys(...DOCUMENTED);
  });

  it("lists asset status as a job to poll, then each asset with path, uuid, status and exists", async () => {
    const asked = await server.post(`${SIBLINGS}/assets/status`, {
      paths: ["/content/dam/status-fetch1", "/content/dam/status-fetch2"],
      excludedPaths: ["content/dam/status-fetch1/excluded-folder"],
    });
    expect(asked.status).to.equal(200);
    expect(asked.body).to.have.all.keys("jobId", "status");
    expect(asked.body.status).to.equal("WAITING");
    let answer = await server.ask(`${SIBLINGS}/assets/status?jobId=${asked.body.jobId}`);
    for (let i = 0; i < 500 && answer.body.status !== "SUCCESS"; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      answer = await server.ask(`${SIBLINGS}/assets/status?jobId=${asked.body.jobId}`);
    }
    expect(answer.body.status).to.equal("SUCCESS");
    expect(answer.body.assets.map(({ path, status, exists }: any) => [path, status, exists])).to.deep.equal([
      ["/content/dam/status-fetch1/a.dita", "SUCCESS", true],
      ["/content/dam/status-fetch1/b.ditamap", "SUCCESS", true],
      ["/content/dam/status-fetch1/c.txt", "SUCCESS", true],
      ["/content/dam/status-fetch2/e.dita", "PENDING", true],
    ]);
    expect(answer.body.counts).to.deep.equal({ SUCCESS: 3, FAILURE: 0, PROCESSING: 0, PENDING: 1 });
    const page = await server.ask(`${SIBLINGS}/assets/status?jobId=${asked.body.jobId}&limit=3`);
    expect(page.body.assets).to.have.length(3);
    const rest = await server.ask(
      `${SIBLINGS}/assets/status?jobId=${asked.body.jobId}&limit=3&after=${page.body.next}`,
    );
    expect([rest.body.assets.length, rest.body.next]).to.deep.equal([1, null]);
  });

  it("answers asset status as not found for the id of a job that lists nothing", async () => {
    const id = (await send(OLD)).body.processingId as string;
    await server.ends(id);
    for (const jobId of [id, "akjhdfalkj1132"]) {
      const { status, body } = await server.ask(`${SIBLINGS}/assets/status?jobId=${jobId}`);
      expect([status, body.code]).to.deep.equal([400, "JOB_NOT_FOUND"]);
    }
  });
});

describe("the contract on a socket: status values, flags and what each endpoint accepts", () => {
  const TABLE: [status: string, cancellable: boolean, resumable: boolean, restartable: boolean][] = [
    ["WAITING", true, false, false],
    ["PROCESSING", true, false, false],
    ["CANCELLING", false, false, false],
    ["PAUSED", true, true, false],
    ["SUCCESS", false, false, true],
    ["FAILURE", false, true, true],
    ["CANCELLED", false, true, true],
  ];

  const ENDPOINTS = ["cancel", "resume", "pause", "restart", "retry-failed"] as const;

  /** A job of its own, on a path of its own, brought to that status by requests alone. */
  const bring: Record<string, (server: MillServer, path: string) => Promise<string>> = {
    WAITING: async (server, path) => {
      await server.start({ path });
      return server.start({ path, onOverlap: "queue" });
    },
    PROCESSING: async (server, path) => {
      const id = await server.start({ path });
      await server.becomes(id, "PROCESSING");
      return id;
    },
    CANCELLING: async (server, path) => {
      const id = await server.start({ path: path.replace("wait", "stubborn") });
      await server.becomes(id, "PROCESSING");
      for (let i = 0; i < 500 && !server.begun.some((begun) => begun.startsWith(path.replace("wait", "stubborn"))); i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      await server.act("/cancel", { processingId: id });
      return id;
    },
    PAUSED: async (server, path) => {
      const id = await server.start({ path });
      await server.becomes(id, "PROCESSING");
      await server.act("/pause", { processingId: id });
      await server.becomes(id, "PAUSED");
      return id;
    },
    SUCCESS: async (server, path) => {
      const id = await server.start({ path: path.replace("wait", "good") });
      await server.ends(id);
      return id;
    },
    FAILURE: async (server, path) => {
      const id = await server.start({ path: path.replace("wait", "bad"), maxFailures: 0 });
      await server.ends(id);
      return id;
    },
    CANCELLED: async (server, path) => {
      const id = await server.start({ path });
      await server.act("/cancel", { processingId: id });
      await server.becomes(id, "CANCELLED");
      return id;
    },
  };

  const contents = Object.fromEntries(
    ENDPOINTS.flatMap((endpoint) => [
      [`/wait/${endpoint}/a.txt`, "wait"],
      [`/stubborn/${endpoint}/a.txt`, "stubborn"],
      [`/good/${endpoint}/a.txt`, "x"],
      [`/good/${endpoint}/b.txt`, "fail"],
      // The failure ends the job while the other asset is still to be done.
      [`/bad/${endpoint}/a.txt`, "fail"],
      [`/bad/${endpoint}/b.txt`, "wait"],
    ]),
  );

  for (const [status, cancellable, resumable, restartable] of TABLE) {
    // How a refusal is told does not depend on the status: two rows show it in the other mode, too.
    const modes =
      status === "WAITING" || status === "SUCCESS" ? (["documented", "semantic"] as const) : (["documented"] as const);
    for (const statusCodes of modes) {
      it(`enforces ${JSON.stringify({ cancellable, resumable, restartable })} for ${status} at each endpoint (${statusCodes})`, async () => {
        const keptTo = async (endpoint: (typeof ENDPOINTS)[number]): Promise<void> => {
          const server = await MillServer.open(contents, { statusCodes });
          try {
            const id = (await bring[status]?.(server, `/wait/${endpoint}`)) ?? "";
            expect(await server.status(id), endpoint).to.include({ status, cancellable, resumable, restartable });
            const accepts = {
              cancel: cancellable || status === "CANCELLING" || status === "CANCELLED",
              resume: resumable,
              pause: status === "WAITING" || status === "PROCESSING",
              restart: restartable,
              // Where an asset failed: in a job that was cancelled before one was done, none did.
              "retry-failed": restartable && status !== "CANCELLED",
            }[endpoint];
            const answer = await server.act(`/${endpoint}`, { processingId: id });
            const refusedAs = statusCodes === "semantic" ? 409 : 400;
            expect(answer.status, `${endpoint}: ${answer.text}`).to.equal(accepts ? 200 : refusedAs);
            if (!accepts) {
              expect(answer.body, endpoint).to.include({ code: "ILLEGAL_STATE", processingId: id, jobStatus: status });
              expect((await server.status(id)).status, endpoint).to.equal(status);
            } else if (endpoint === "restart" || endpoint === "retry-failed") {
              expect(answer.body).to.include({ status: "WAITING", restartedFrom: id });
              expect(await server.status(answer.body.processingId as string)).to.include({ restartedFrom: id });
              expect((await server.status(id)).status).to.equal(status);
            } else {
              expect(answer.body).to.have.all.keys("processingId", "status");
              expect(answer.body.processingId).to.equal(id);
            }
          } finally {
            await server.close();
          }
        };
        await Promise.all(ENDPOINTS.map(keptTo));
      });
    }
  }
});

describe("the contract on a socket: overlap, reports and results", () => {
  let server: MillServer;

  beforeEach(async () => {
    server = await MillServer.open({ ...TREE, "/busy/a.txt": "wait" });
  });
  afterEach(() => server.close());

  it("refuses an overlapping path naming the active job; queue waits for it; disjoint jobs run", async () => {
    const id = await server.start({ path: "/busy" });
    for (const path of ["/busy", "/busy/a.txt", "/"]) {
      const { status, body } = await server.act("", { path, type: TYPE });
      expect([status, body.code, body.processingId], path).to.deep.equal([400, "PATH_BUSY", id]);
    }
    await server.ends(await server.start({ path: "/", excludedPaths: ["/busy"] }));
    const queued = await server.start({ path: "/busy/a.txt", onOverlap: "queue" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await server.status(queued)).status).to.equal("WAITING");
    server.gate.resolve();
    expect((await server.ends(id)).status).to.equal("SUCCESS");
    expect((await server.ends(queued)).status).to.equal("SUCCESS");
  });

  it("accepts cancel again on CANCELLING and CANCELLED; resume keeps the id and repeats nothing that has an outcome", async () => {
    server.assets.set("/mix/a.txt", "x");
    server.assets.set("/mix/b.txt", "wait");
    const id = await server.start({ path: "/mix" });
    for (let i = 0; i < 500 && (await server.status(id)).processedCount < 1; i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    for (const statuses of [
      ["CANCELLING", "CANCELLED"],
      ["CANCELLING", "CANCELLED"],
    ]) {
      const { status, body } = await server.act("/cancel", { processingId: id });
      expect(status).to.equal(200);
      expect(body.status).to.be.oneOf(statuses);
    }
    expect((await server.ends(id)).comments).to.match(/cancel/i);
    expect((await server.act("/cancel", { processingId: id })).body).to.deep.equal({
      processingId: id,
      status: "CANCELLED",
    });
    server.gate.resolve();
    expect((await server.act("/resume", { processingId: id })).body.processingId).to.equal(id);
    expect(await server.ends(id)).to.include({ status: "SUCCESS", attempt: 2, succeededCount: 2 });
    expect(server.begun.filter((path) => path === "/mix/a.txt")).to.have.length(1);
  });

  it("runs the same request again on restart; retry-failed runs exactly what failed, even if the tree changed", async () => {
    const id = await server.start({ excludedPaths: ["/in/b.ditamap"] });
    await server.ends(id);
    server.begun.splice(0);
    const again = (await server.act("/restart", { processingId: id })).body.processingId as string;
    expect(await server.ends(again)).to.deep.include({
      restartedFrom: id,
      excludedPaths: ["/in/b.ditamap"],
      succeededCount: 1,
      failedCount: 1,
      skippedCount: 1,
    });
    server.assets.set("/in/deep/new.txt", "x");
    server.assets.set("/in/deep/c.md", "x");
    server.begun.splice(0);
    const retried = (await server.act("/retry-failed", { processingId: again })).body.processingId as string;
    expect(await server.ends(retried)).to.include({ status: "SUCCESS", restartedFrom: again, succeededCount: 1 });
    expect(server.begun).to.deep.equal(["/in/deep/c.md"]);
  });

  it("reports every failed and skipped asset in full in failures, and each asset in outcomes; NDJSON and CSV agree", async () => {
    const id = await server.start();
    await server.ends(id);
    const { body } = await server.get(`/failures?processingId=${id}`);
    expect(body.next).to.equal(null);
    expect(body.failures.map(({ at, ...rest }: any) => [typeof at, rest])).to.deep.equal([
      [
        "number",
        {
          path: "/in/deep/c.md",
          outcome: "FAILED",
          code: "TOLD_TO",
          message: "/in/deep/c.md was told to fail",
          handler: "told",
          attempts: 1,
        },
      ],
      [
        "number",
        {
          path: "/in/deep/d.txt",
          outcome: "SKIPPED",
          code: "BY_HANDLER",
          message: "told to",
          handler: "told",
          attempts: 1,
        },
      ],
    ]);
    const all = (await server.get(`/outcomes?processingId=${id}`)).body.outcomes;
    expect(all.map(({ path }: any) => path)).to.deep.equal([
      "/in/a.dita",
      "/in/b.ditamap",
      "/in/deep/c.md",
      "/in/deep/d.txt",
    ]);
    const ndjson = await server.get(`/outcomes?processingId=${id}`, { Accept: "application/x-ndjson" });
    expect(
      ndjson.text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).to.deep.equal(all);
    const csv = await server.get(`/outcomes?processingId=${id}`, { Accept: "text/csv" });
    expect(
      csv.text
        .trimEnd()
        .split("\r\n")
        .slice(1)
        .map((row) => row.split(",")[0]),
    ).to.deep.equal(all.map(({ path }: any) => path));
    const page = (await server.get(`/outcomes?processingId=${id}&limit=3`)).body;
    const rest = (await server.get(`/outcomes?processingId=${id}&limit=3&after=${page.next}`)).body;
    expect([...page.outcomes, ...rest.outcomes]).to.deep.equal(all);
  });

  it("shows in results what processing wrote about an asset, and nothing for an unprocessed one", async () => {
    const id = await server.start();
    await server.ends(id);
    const { body } = await server.get("/results?path=/in/a.dita");
    expect(body).to.deep.include({ path: "/in/a.dita", exists: true, properties: { text: "x" }, processingId: id });
    expect(body.references).to.deep.equal([]);
    expect(body.stamp.contentHash).to.match(/^sha256:/);
    expect((await server.get("/results?path=/in-side/e.dita")).body).to.deep.include({
      stamp: null,
      processingId: null,
    });
    const none = await server.get("/results?path=/in/nope");
    expect([none.status, none.body.code, none.body.path]).to.deep.equal([400, "PATH_NOT_FOUND", "/in/nope"]);
  });

  it("sorts history by creation, newest first, and each filter leaves out the others", async () => {
    const ids: string[] = [];
    for (const path of ["/in/a.dita", "/in-side", "/in/deep/c.md"]) {
      const id = await server.start({ path });
      await server.ends(id);
      ids.unshift(id);
    }
    const shown = async (query: string) =>
      (await server.get(`/history?${query}`)).body.executionHistory.map(({ processingId }: any) => processingId);
    expect(await shown("")).to.deep.equal(ids);
    expect(await shown("limit=2")).to.deep.equal(ids.slice(0, 2));
    expect(await shown(`before=${ids[1]}`)).to.deep.equal(ids.slice(2));
    expect(await shown("status=FAILURE")).to.deep.equal([ids[0]]);
    expect(await shown("path=/in")).to.deep.equal([ids[0], ids[2]]);
    expect(await shown(`type=${TYPE}`)).to.deep.equal(ids);
    expect(await shown("type=OTHER")).to.deep.equal([]);
    expect(await shown("createdBy=token")).to.deep.equal(ids);
    expect(await shown("createdBy=ann")).to.deep.equal([]);
  });

  it("streams lines and states in events as they happen, and a reconnect neither loses nor repeats any", async () => {
    const id = await server.start();
    await server.ends(id);
    const { text } = await server.get(`/events?processingId=${id}`);
    const blocks = text.trimEnd().split("\n\n");
    const field = (block: string, name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
    const { lines } = (await server.get(`/logs?processingId=${id}`)).body;
    const logged = blocks
      .filter((block) => field(block, "event") === "log")
      .map((block) => JSON.parse(field(block, "data")));
    expect(logged).to.deep.equal(lines.map((line: string, i: number) => ({ line: i, text: line })));
    const last = blocks.at(-1) ?? "";
    expect([field(last, "event"), JSON.parse(field(last, "data"))]).to.deep.equal(["status", await server.status(id)]);
    for (let i = 0; i < blocks.length; i++) {
      const after = await server.get(`/events?processingId=${id}`, { "Last-Event-ID": field(blocks[i] ?? "", "id") });
      if (i === blocks.length - 1) expect(after.status).to.equal(204);
      else
        expect(
          after.text
            .trimEnd()
            .split("\n\n")
            .map((block) => field(block, "id")),
        ).to.deep.equal(blocks.slice(i + 1).map((block) => field(block, "id")));
    }
    const wrong = await server.get(`/events?processingId=${id}`, { "Last-Event-ID": "nonsense" });
    expect([wrong.status, wrong.body.code]).to.deep.equal([400, "INVALID_PARAMETER"]);
  });

  it("reports in system/status, healthz and readyz that everything works", async () => {
    expect((await server.ask(`${SIBLINGS}/system/status`)).body).to.include({ databaseConnectionCheck: "passed" });
    for (const path of ["/healthz", "/readyz"]) expect((await server.ask(path)).body).to.deep.equal({ status: "up" });
  });
});

describe("the contract on a socket: logs and their download", () => {
  let server: MillServer;
  let id: string;
  let all: string[];

  before(async () => {
    const many = Array.from({ length: 60 }, (_, i) => [`/in/f${String(i).padStart(3, "0")}\u200b.txt`, "fail"]);
    server = await MillServer.open({ ...Object.fromEntries(many), "/in/good.txt": "x" });
    id = await server.start();
    await server.ends(id);
    all = (await server.get(`/logs?processingId=${id}&limit=10000`)).body.lines;
  });
  after(() => server.close());

  it("have lines of the documented form, one for each failed asset", () => {
    for (const line of all)
      expect(line).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}: (DEBUG|INFO|WARN|ERROR): \[ASSET_PROCESSING\] \S/);
    expect(all.filter((line) => line.includes("TOLD_TO"))).to.have.length.at.least(60);
  });

  it("return any page by offset, limit or tail", async () => {
    const n = all.length;
    const pages: [query: string, lines: string[], offset: number, limit: number, hasMore: boolean][] = [
      ["", all.slice(0, 500), 0, 500, n > 500],
      ["&offset=0&limit=1", all.slice(0, 1), 0, 1, true],
      [`&offset=${Math.floor(n / 2)}`, all.slice(Math.floor(n / 2)), Math.floor(n / 2), 500, false],
      [`&offset=${n - 1}`, all.slice(-1), n - 1, 500, false],
      ["&limit=10000", all, 0, 10_000, false],
      ["&tail=5", all.slice(-5), n - 5, 5, false],
      ["&tail=10000", all, 0, 10_000, false],
    ];
    for (const [query, lines, offset, limit, hasMore] of pages) {
      const { body } = await server.get(`/logs?processingId=${id}${query}`);
      expect(body, query).to.deep.equal({ lines, limit, offset, hasMore });
    }
    const beyond = (await server.get(`/logs?processingId=${id}&offset=${n + 100}`)).body;
    expect([beyond.lines, beyond.hasMore]).to.deep.equal([[], false]);
  });

  it("are downloaded as a ZIP that unzip accepts, whose lines equal the paged ones, together with the failures", async () => {
    const { folder, remove } = await tempFolder();
    try {
      const zip = join(folder, "logs.zip");
      await writeFile(zip, await server.bytes(`${BASE}/logs/download?processingId=${id}`));
      const run = promisify(execFile);
      await run("unzip", ["-t", zip]);
      const log = (await run("unzip", ["-p", zip, `${id}.log`])).stdout;
      expect(log).to.equal(all.map((line) => `${line}\n`).join(""));
      const csv = await server.get(`/failures?processingId=${id}`, { Accept: "text/csv" });
      expect((await run("unzip", ["-p", zip, "failures.csv"])).stdout).to.equal(`\ufeff${csv.text}`);
      const { body } = await server.get(`/logs/download?processingId=${id}`, { Accept: "application/json" });
      const [logPath, failuresPath] = body.logFilePaths as string[];
      expect((await server.ask(logPath ?? "")).text).to.equal(log);
      expect((await server.ask(failuresPath ?? "")).text).to.equal(csv.text);
    } finally {
      await remove();
    }
  });
});

describe("the contract on a socket: a log that is being written", () => {
  it("keeps every line at its number for ever, at its start, middle, end and tail", async () => {
    const many = Array.from({ length: 400 }, (_, i) => [`/in/f${String(i).padStart(3, "0")}.txt`, "fail"] as const);
    // Small chunks, four of them held up until the gate opens: lines come while others are read.
    const held = Object.fromEntries(many.filter((_, i) => i % 100 === 99).map(([path]) => [path, "wait"]));
    const options = { chunkSize: 10, concurrency: 16 };
    const server = await MillServer.open({ ...Object.fromEntries(many), ...held }, {}, options);
    try {
      const id = await server.start();
      const seen = new Map<number, string>();
      let pages = 0;
      let lengths = 0;
      let known = 0;
      const look = async (query: string): Promise<void> => {
        const { lines, offset, hasMore } = (await server.get(`/logs?processingId=${id}&${query}`)).body;
        pages++;
        if (lines.length > 0 && offset + lines.length > known) {
          known = offset + lines.length;
          lengths++;
        }
        for (const [i, line] of (lines as string[]).entries()) {
          const before = seen.get(offset + i);
          if (before !== undefined) expect(line, `line ${offset + i}`).to.equal(before);
          seen.set(offset + i, line);
        }
        if (query.startsWith("offset=0&") && lines.length < 3) expect(hasMore).to.equal(false);
      };
      const round = async (): Promise<void> => {
        await look("offset=0&limit=3");
        await look(`offset=${Math.floor(known / 2)}&limit=50`);
        await look(`offset=${Math.max(0, known - 1)}&limit=10000`);
        await look(`offset=${known + 1000}`);
        await look("tail=20");
      };
      for (let i = 0; i < 10; i++) await round();
      server.gate.resolve();
      for (;;) {
        const { completedAt } = await server.status(id);
        await round();
        if (completedAt > 0) break;
      }
      const all = (await server.get(`/logs?processingId=${id}&limit=10000`)).body.lines as string[];
      expect([...seen.keys()].every((number) => seen.get(number) === all[number])).to.equal(true);
      expect(all.filter((line) => line.includes("TOLD_TO")).length).to.be.at.least(390);
      expect(pages).to.be.greaterThan(50);
      expect(lengths, "the log grew while it was read").to.be.greaterThan(2);
    } finally {
      await server.close();
    }
  });
});

describe("the contract on a socket: an unknown job", () => {
  const READS = ["/status", "/logs", "/logs/download", "/failures", "/outcomes", "/events"];
  const CHANGES = ["/cancel", "/resume", "/pause", "/restart", "/retry-failed"];

  for (const [statusCodes, expected] of [
    ["documented", 400],
    ["semantic", 404],
  ] as const) {
    it(`is JOB_NOT_FOUND at each endpoint that takes a job, as ${expected} (${statusCodes})`, async () => {
      const server = await MillServer.open(TREE, { statusCodes });
      try {
        const id = "165f1de6-68c4-4dcd-9223-2b7242b62306";
        const answers = [
          ...READS.map((path) => server.get(`${path}?processingId=${id}`)),
          ...CHANGES.map((path) => server.act(path, { processingId: id })),
          server.get(`/history?before=${id}`),
        ];
        for (const { status, body } of await Promise.all(answers)) {
          expect([status, body.code, body.processingId]).to.deep.equal([expected, "JOB_NOT_FOUND", id]);
        }
      } finally {
        await server.close();
      }
    });
  }
});
