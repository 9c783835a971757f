import { expect } from "chai";
import { BASE, client } from "./client.js";

const GOOD = { path: "/content/dam/a", type: "ASSET_PROCESSING" };

const NULLS = {
  paths: null,
  excludedPaths: null,
  filter: null,
  priority: null,
  maxFailures: null,
  dryRun: null,
  onOverlap: null,
};
const NULLS_OF_FILTER = { fileTypes: null, startTime: null, endTime: null, filterProcessedAssets: null };

describe("POST start", () => {
  it("answers the processingId of the job that it started in the caller's name", async () => {
    const { start, operator } = client();
    const answer = await start(GOOD);
    expect(answer.status).to.equal(200);
    expect(answer.body).to.deep.equal({ processingId: "00000000-0000-4000-8000-000000000001" });
    expect(operator.calls).to.deep.equal([{ name: "start", args: [GOOD, "anonymous"] }]);
  });

  it("passes the Idempotency-Key on, and none if there is none", async () => {
    for (const key of ["a", "x y~!", "k".repeat(255)]) {
      const { ask, operator } = client();
      const headers = { "Content-Type": "application/json", "idempotency-KEY": key };
      expect((await ask(BASE, { method: "POST", body: JSON.stringify(GOOD), headers })).status).to.equal(200);
      expect(operator.calls[0]?.args[2]).to.deep.equal({ idempotencyKey: key });
    }
  });

  for (const [what, key] of [
    ["empty", ""],
    ["of 256 characters", "k".repeat(256)],
    ["with a letter beyond ASCII", "sch\u00f6n"],
    ["with a tab", "a\tb"],
  ] as const) {
    it(`refuses an Idempotency-Key that is ${what}, naming it`, async () => {
      const { ask, operator } = client();
      const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
      const { status, body } = await ask(BASE, { method: "POST", body: JSON.stringify(GOOD), headers });
      expect([status, body.code, body.errors[0].field]).to.deep.equal([400, "INVALID_PARAMETER", "Idempotency-Key"]);
      expect(operator.calls).to.deep.equal([]);
    });
  }

  it("accepts a trailing slash", async () => {
    const { ask } = client();
    const init = { method: "POST", body: JSON.stringify(GOOD), headers: { "Content-Type": "application/json" } };
    expect((await ask(`${BASE}/`, init)).status).to.equal(200);
  });

  it("passes every field on unchanged", async () => {
    const { start, operator } = client();
    const request = {
      path: " content//dam/ ",
      paths: ["/a", "b"],
      excludedPaths: "/a/x",
      type: "T",
      filter: { fileTypes: "DITAMAP", startTime: 1, endTime: 2, filterProcessedAssets: true },
      priority: 0,
      maxFailures: "5%",
      dryRun: true,
      onOverlap: "queue",
    };
    expect((await start(request)).status).to.equal(200);
    expect(operator.calls[0]?.args[0]).to.deep.equal(request);
  });

  const accepted: [string, object][] = [
    ["excludedPaths as an array", { ...GOOD, excludedPaths: ["/a", "b"] }],
    ["no excluded path", { ...GOOD, excludedPaths: [] }],
    ["no file type", { ...GOOD, filter: { fileTypes: [] } }],
    ["an empty filter", { ...GOOD, filter: {} }],
    ["paths without path", { type: "T", paths: ["/a"] }],
    ["null for every field that may be absent", { ...GOOD, ...NULLS }],
    ["null for every field of the filter", { ...GOOD, filter: NULLS_OF_FILTER }],
    ["a path that is null beside paths", { type: "T", path: null, paths: ["/a"] }],
    ["maxFailures as a number", { ...GOOD, maxFailures: 0 }],
    ["1,000 paths", { type: "T", paths: Array(1000).fill("/a") }],
    ["10,000 excluded paths", { ...GOOD, excludedPaths: Array(10_000).fill("/a") }],
    ["a path of 4,096 characters", { ...GOOD, path: "/".padEnd(4096, "a") }],
  ];
  for (const [what, request] of accepted) {
    it(`accepts ${what}`, async () => expect((await client().start(request)).status).to.equal(200));
  }

  const refused: [string, unknown, code: string, field: string][] = [
    ["a misspelt field", { ...GOOD, exludedPaths: ["/a"] }, "UNKNOWN_FIELD", "exludedPaths"],
    ["a misspelt field of the filter", { ...GOOD, filter: { filetypes: [] } }, "UNKNOWN_FIELD", "filter.filetypes"],
    ["a dryRun that is a text", { ...GOOD, dryRun: "true" }, "INVALID_PARAMETER", "dryRun"],
    ["an onOverlap that is not known", { ...GOOD, onOverlap: "wait" }, "INVALID_PARAMETER", "onOverlap"],
    ["an unknown field beside a wrong one", { ...GOOD, priority: "x", foo: 1 }, "UNKNOWN_FIELD", "foo"],
    ["no path at all", { type: "T" }, "INVALID_PARAMETER", "path"],
    ["no paths in paths", { type: "T", paths: [] }, "INVALID_PARAMETER", "paths"],
    ["no type", { path: "/a" }, "INVALID_PARAMETER", "type"],
    ["an empty type", { path: "/a", type: "" }, "INVALID_PARAMETER", "type"],
    ["a path that is a number", { ...GOOD, path: 5 }, "INVALID_PARAMETER", "path"],
    ["a path that is null", { ...GOOD, path: null }, "INVALID_PARAMETER", "path"],
    ["a type that is null", { ...GOOD, type: null }, "INVALID_PARAMETER", "type"],
    ["an unknown field that is null", { ...GOOD, exludedPaths: null }, "UNKNOWN_FIELD", "exludedPaths"],
    ["null among paths", { type: "T", paths: ["/a", null] }, "INVALID_PARAMETER", "paths[1]"],
    ["a path that is too long", { ...GOOD, path: "a".repeat(4097) }, "INVALID_PARAMETER", "path"],
    ["one of the paths that is no text", { type: "T", paths: ["/a", {}] }, "INVALID_PARAMETER", "paths[1]"],
    ["one of the paths that is too long", { type: "T", paths: ["a".repeat(4097)] }, "INVALID_PARAMETER", "paths[0]"],
    ["1,001 paths", { type: "T", paths: Array(1001).fill("/a") }, "INVALID_PARAMETER", "paths"],
    ["10,001 exclusions", { ...GOOD, excludedPaths: Array(10_001).fill("/a") }, "INVALID_PARAMETER", "excludedPaths"],
    ["excludedPaths as an object", { ...GOOD, excludedPaths: {} }, "INVALID_PARAMETER", "excludedPaths"],
    ["excludedPaths with a number", { ...GOOD, excludedPaths: [1] }, "INVALID_PARAMETER", "excludedPaths"],
    ["a filter that is an array", { ...GOOD, filter: [] }, "INVALID_PARAMETER", "filter"],
    ["a startTime as a string", { ...GOOD, filter: { startTime: "1" } }, "INVALID_PARAMETER", "filter.startTime"],
    ["an endTime with a fraction", { ...GOOD, filter: { endTime: 1.5 } }, "INVALID_PARAMETER", "filter.endTime"],
    ["a priority of 10", { ...GOOD, priority: 10 }, "INVALID_PARAMETER", "priority"],
    ["a priority of -1", { ...GOOD, priority: -1 }, "INVALID_PARAMETER", "priority"],
    ["a maxFailures of -1", { ...GOOD, maxFailures: -1 }, "INVALID_PARAMETER", "maxFailures"],
    ["a maxFailures that is a list", { ...GOOD, maxFailures: [] }, "INVALID_PARAMETER", "maxFailures"],
    ["an array", [], "INVALID_PARAMETER", "body"],
    ["null", null, "INVALID_PARAMETER", "body"],
    ["a text", "x", "INVALID_PARAMETER", "body"],
  ];
  for (const [what, request, code, field] of refused) {
    it(`refuses ${what}, naming ${field}`, async () => {
      const { start, operator } = client();
      const { status, body } = await start(request);
      expect(status).to.equal(400);
      expect(body.code).to.equal(code);
      expect(body.errors.map((error: { field: string }) => error.field)).to.include(field);
      expect(body.detail).to.include(field);
      expect(operator.calls).to.deep.equal([]);
    });
  }

  it("refuses a __proto__ field at any depth, and changes no object", async () => {
    for (const text of [
      '{"path":"/a","type":"T","__proto__":{"polluted":1}}',
      '{"path":"/a","type":"T","filter":{"__proto__":{"polluted":1}}}',
      '{"path":"/a","type":"T","constructor":{"prototype":{"polluted":1}}}',
    ]) {
      const { body } = await client().post(text);
      expect(body.code, text).to.equal("UNKNOWN_FIELD");
    }
    expect("polluted" in {}).to.equal(false);
  });

  it("refuses fields in the query string, where they would have no effect", async () => {
    const { ask, operator } = client();
    const init = { method: "POST", body: JSON.stringify(GOOD), headers: { "Content-Type": "application/json" } };
    const { status, body } = await ask(`${BASE}?dryRun=true`, init);
    expect([status, body.code, body.errors[0].field]).to.deep.equal([400, "UNKNOWN_FIELD", "dryRun"]);
    expect(operator.calls).to.deep.equal([]);
  });

  it("names the known fields if one is unknown", async () => {
    const { body } = await client().start({ ...GOOD, filter: { filetypes: [] } });
    expect(body.errors[0].message).to.include("fileTypes").and.to.include("filterProcessedAssets");
  });

  it("reports at most 20 errors, each with a shortened field name", async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`${i}`.padEnd(1000, "x"), i]));
    const { body } = await client().start({ ...GOOD, ...many });
    expect(body.errors).to.have.length(20);
    expect(JSON.stringify(body).length).to.be.lessThan(10_000);
    const wrongPaths = await client().start({ type: "T", paths: Array(1000).fill(5) });
    expect(wrongPaths.body.errors).to.have.length(20);
  });
});
