import { expect } from "chai";
import { BASE, client, SIBLINGS } from "./client.js";
import { uuid } from "./fake-operator.js";

describe("GET results", () => {
  it("answers what processing wrote, and names the job as the contract does", async () => {
    const { ask, operator } = client();
    operator.written = {
      path: "/a/b.dita",
      exists: false,
      properties: { title: "T", count: 3, good: true, ids: ["a", "b"] },
      references: [{ handler: "dita", kind: "topic", target: "/a/c.dita", fragment: "x" }],
      stamp: { sizeBytes: 5, modifiedMs: 1_700_000_000_000.5, contentHash: "sha256:00", handlers: { dita: "1" } },
      jobId: uuid(1),
      at: 1_700_000_000_000,
    };
    const { status, body } = await ask(`${BASE}/results?path=${encodeURIComponent("/a/b.dita")}`);
    const { jobId, ...rest } = operator.written;
    expect([status, body]).to.deep.equal([200, { ...rest, processingId: jobId }]);
  });

  it("is empty if nothing has been written yet, with the path in its normalised form", async () => {
    const { ask } = client();
    const { body } = await ask(`${BASE}/results?path=a//b.dita/`);
    const nothing = { properties: {}, references: [], stamp: null, processingId: null, at: 0 };
    const empty = { path: "/a/b.dita", exists: true, ...nothing };
    expect(body).to.deep.equal(empty);
  });

  for (const [query, code, field] of [
    ["", "INVALID_PARAMETER", "path"],
    ["?path=", "INVALID_PARAMETER", "path"],
    ["?path=/a/../b", "INVALID_PARAMETER", "path"],
    ["?path=/a%00b", "INVALID_PARAMETER", "path"],
    ["?path=/a&path=/b", "INVALID_PARAMETER", "path"],
    ["?path=/a&deep=1", "UNKNOWN_FIELD", "deep"],
  ] as const) {
    it(`refuses "${query}" naming ${field}`, async () => {
      const { status, body } = await client().ask(`${BASE}/results${query}`);
      expect([status, body.code, body.errors[0].field]).to.deep.equal([400, code, field]);
    });
  }
});

describe("assets/status", () => {
  it("takes the documented request and answers a job to poll", async () => {
    const { act, operator } = client();
    const request = {
      paths: ["/content/dam/status-fetch1", "/content/dam/status-fetch2"],
      excludedPaths: ["content/dam/status-fetch1/excluded-folder"],
    };
    const { status, body } = await act(`${SIBLINGS}/assets/status`, request);
    expect([status, body]).to.deep.equal([200, { jobId: uuid(99), status: "WAITING" }]);
    expect(operator.calls).to.deep.equal([{ name: "askAssetStatus", args: [request, "anonymous"] }]);
  });

  it("accepts one path or one excluded path as a string", async () => {
    const { act } = client();
    expect((await act(`${SIBLINGS}/assets/status`, { path: "/a", excludedPaths: "/a/b" })).status).to.equal(200);
  });

  it("answers a page of assets, and passes the query on", async () => {
    const { ask, operator } = client();
    const { status, body } = await ask(`${SIBLINGS}/assets/status?jobId=j&limit=7&after=0.5`);
    expect(status).to.equal(200);
    expect(body).to.deep.equal({
      jobId: "j",
      status: "SUCCESS",
      assets: [{ path: "/a/b.dita", uuid: null, status: "SUCCESS", exists: true }],
      counts: { SUCCESS: 1, FAILURE: 0, PROCESSING: 0, PENDING: 0 },
      next: null,
    });
    expect(operator.calls[0]?.args).to.deep.equal(["j", { limit: 7, after: "0.5" }]);
  });

  const refused: [string, request: unknown, code: string, field: string][] = [
    ["no path", {}, "INVALID_PARAMETER", "path"],
    ["no paths", { paths: [] }, "INVALID_PARAMETER", "paths"],
    ["1,001 paths", { paths: Array(1001).fill("/a") }, "INVALID_PARAMETER", "paths"],
    ["paths as a text", { paths: "/a" }, "INVALID_PARAMETER", "paths"],
    ["a misspelt field", { path: "/a", exclude: [] }, "UNKNOWN_FIELD", "exclude"],
    ["a list", [], "INVALID_PARAMETER", "body"],
  ];
  for (const [what, request, code, field] of refused) {
    it(`refuses ${what}, naming ${field}`, async () => {
      const { act, operator } = client();
      const { status, body } = await act(`${SIBLINGS}/assets/status`, request);
      expect([status, body.code]).to.deep.equal([400, code]);
      expect(body.errors.map((error: { field: string }) => error.field)).to.include(field);
      expect(operator.calls).to.deep.equal([]);
    });
  }

  for (const [query, code, field] of [
    ["", "INVALID_PARAMETER", "jobId"],
    ["?jobId=", "INVALID_PARAMETER", "jobId"],
    ["?jobId=a&limit=0", "INVALID_PARAMETER", "limit"],
    ["?jobId=a&limit=10001", "INVALID_PARAMETER", "limit"],
    ["?processingId=a", "UNKNOWN_FIELD", "processingId"],
  ] as const) {
    it(`refuses GET with "${query}" naming ${field}`, async () => {
      const { status, body } = await client().ask(`${SIBLINGS}/assets/status${query}`);
      expect([status, body.code]).to.deep.equal([400, code]);
      expect(body.errors.map((error: { field: string }) => error.field)).to.include(field);
    });
  }
});

describe("GET system/status", () => {
  it("answers what the host reports", async () => {
    const system = async () => ({ isDatabase: true, databaseConnectionCheck: "failed" as const, url: "secret" });
    const { status, body } = await client({ system }).ask(`${SIBLINGS}/system/status`);
    expect([status, body]).to.deep.equal([200, { isDatabase: true, databaseConnectionCheck: "failed" }]);
  });

  for (const [what, ready, check] of [
    ["ready", () => true, "passed"],
    ["not ready", () => false, "failed"],
    ["out of reach", () => Promise.reject(new Error("x")), "failed"],
  ] as const) {
    it(`reports ${check} if the host reports nothing and the store is ${what}`, async () => {
      const { body } = await client({ ready }).ask(`${SIBLINGS}/system/status`);
      expect(body).to.deep.equal({ isDatabase: false, databaseConnectionCheck: check });
    });
  }
});

describe("the siblings' path", () => {
  const places: [basePath: string, siblingPath: string | undefined, found: string][] = [
    ["/bin/guides/v1/assets/process", undefined, "/bin/guides/v1/system/status"],
    ["/assets/process", undefined, "/system/status"],
    ["/jobs", undefined, "/jobs/system/status"],
    ["/jobs", "/other/", "/other/system/status"],
    ["/jobs", "", "/system/status"],
  ];
  for (const [basePath, siblingPath, found] of places) {
    it(`gives ${found} for ${basePath}${siblingPath === undefined ? "" : ` with "${siblingPath}"`}`, async () => {
      const { ask } = client({ basePath, siblingPath });
      expect((await ask(found)).status).to.equal(200);
      expect((await ask(`${found}/`)).status).to.equal(200);
    });
  }

  for (const siblingPath of ["x", "/a/*", "/:id", "/a?b"]) {
    it(`cannot be "${siblingPath}"`, () => {
      expect(() => client({ siblingPath })).to.throw("siblingPath");
    });
  }
});
