import { expect } from "chai";
import { AssetmillError, type ErrorCode } from "../../src/core/errors.js";
import { BASE, client } from "./client.js";
import { FakeOperator } from "./fake-operator.js";

const STATUS = `${BASE}/status?processingId=x`;

const failing = (thrown: unknown, options: Parameters<typeof client>[0] = {}) =>
  client(options, new FakeOperator().failWith(thrown)).ask(STATUS);

describe("errors on the wire", () => {
  const table: [code: ErrorCode, documented: number, semantic: number, shown?: ErrorCode][] = [
    ["INVALID_JSON", 400, 400],
    ["INVALID_PARAMETER", 400, 400],
    ["UNKNOWN_FIELD", 400, 400],
    ["UNKNOWN_TYPE", 400, 400],
    ["PATH_NOT_FOUND", 400, 400],
    ["PATH_BUSY", 400, 409],
    ["JOB_NOT_FOUND", 400, 404],
    ["ILLEGAL_STATE", 400, 409],
    ["IDEMPOTENCY_CONFLICT", 400, 409],
    ["UNAUTHENTICATED", 401, 401],
    ["FORBIDDEN", 401, 403],
    ["TOO_LARGE", 400, 413],
    ["UNSUPPORTED_MEDIA_TYPE", 400, 415],
    ["RATE_LIMITED", 429, 429],
    ["TOO_MANY_JOBS", 429, 429],
    ["UNAVAILABLE", 500, 503],
    ["INTERNAL", 500, 500],
    ["GONE", 500, 500, "INTERNAL"],
    ["ACCESS_DENIED", 500, 500, "INTERNAL"],
    ["READ_FAILED", 500, 500, "INTERNAL"],
    ["WRITE_FAILED", 500, 500, "INTERNAL"],
  ];
  for (const [code, documented, semantic, shown = code] of table) {
    it(`report ${code} with ${documented} as documented and ${semantic} by meaning, with one code and shape`, async () => {
      for (const [statusCodes, expected] of [
        ["documented", documented],
        ["semantic", semantic],
      ] as const) {
        const { status, headers, body } = await failing(new AssetmillError(code, "what was wrong"), { statusCodes });
        expect(status).to.equal(expected);
        expect(headers.get("content-type")).to.equal("application/problem+json");
        expect(body).to.include({ status: expected, code: shown });
        expect(body).to.have.all.keys("type", "title", "status", "detail", "code");
        expect(headers.has("retry-after")).to.equal(expected === 429);
        expect(body.detail === "what was wrong").to.equal(expected < 500);
      }
    });
  }

  it("carry the ids involved and the job's status", async () => {
    const { start } = client();
    const first = await start({ path: "/a", type: "T" });
    const { body } = await start({ path: "/a", type: "T" });
    expect(body).to.include({
      type: "urn:assetmill:problem:path-busy",
      code: "PATH_BUSY",
      processingId: first.body.processingId,
      path: "/a",
      jobStatus: "WAITING",
    });
  });

  it("list the operator's field errors", async () => {
    const fields = [{ field: "filter.startTime", message: "looks like seconds" }];
    const { body } = await failing(
      new AssetmillError("INVALID_PARAMETER", "filter.startTime: looks like seconds", { fields }),
    );
    expect(body.errors).to.deep.equal(fields);
  });

  const SECRET = "SQLITE_ERROR: SELECT * FROM jobs at /var/lib/assetmill/store.db";
  const hidden: [string, unknown][] = [
    ["a plain Error", new Error(SECRET)],
    [
      "INTERNAL",
      new AssetmillError("INTERNAL", SECRET, { ids: { path: SECRET }, fields: [{ field: SECRET, message: SECRET }] }),
    ],
    ["UNAVAILABLE", new AssetmillError("UNAVAILABLE", SECRET)],
    ["an asset's error", new AssetmillError("READ_FAILED", SECRET, { ids: { path: SECRET } })],
    ["a TypeError with a cause", new TypeError(SECRET, { cause: new Error(SECRET) })],
    ["a thrown text", SECRET],
    ["undefined", undefined],
    ["a look-alike", { code: "INVALID_PARAMETER", message: SECRET, ids: {}, fields: [] }],
  ];
  for (const [what, thrown] of hidden) {
    it(`reveal nothing of ${what}, but the host's logger gets it`, async () => {
      const errors: unknown[] = [];
      const { status, headers, body } = await failing(thrown, { onError: (error) => errors.push(error) });
      expect(status).to.equal(500);
      expect(body.code).to.be.oneOf(["INTERNAL", "UNAVAILABLE"]);
      expect(JSON.stringify(body) + JSON.stringify([...headers])).to.not.match(/SQL|SELECT|var\/lib|\.ts|\.js|at /);
      expect(headers.get("cache-control")).to.equal("no-store");
      expect(errors).to.have.length(1);
      const [error] = errors;
      expect(error === thrown || (error as Error).cause === thrown).to.equal(true);
    });
  }

  it("do not reach the host's logger if the caller caused them", async () => {
    const errors: unknown[] = [];
    await failing(new AssetmillError("PATH_BUSY", "busy"), { onError: (error) => errors.push(error) });
    expect(errors).to.deep.equal([]);
  });

  it("are answered even if the host's logger fails", async () => {
    const { status } = await failing(new Error("x"), {
      onError: () => {
        throw new Error("disk full");
      },
    });
    expect(status).to.equal(500);
  });

  it("are recognised if another copy of the package raised them", async () => {
    const foreign = Object.assign(new Error("busy"), { code: "PATH_BUSY", ids: { jobId: "j" }, fields: [] });
    Object.defineProperty(foreign, Symbol.for("assetmill.AssetmillError"), { value: true });
    expect((await failing(foreign)).body).to.include({ code: "PATH_BUSY", processingId: "j" });
  });

  it("include a request that takes too long", async () => {
    const operator = new FakeOperator();
    operator.delayMs = 200;
    for (const [statusCodes, expected] of [
      ["documented", 500],
      ["semantic", 503],
    ] as const) {
      const errors: unknown[] = [];
      const options = { statusCodes, requestTimeoutMs: 20, onError: (error: unknown) => errors.push(error) };
      const { status, body } = await client(options, operator).ask(STATUS);
      expect([status, body.code]).to.deep.equal([expected, "UNAVAILABLE"]);
      expect((errors[0] as Error).message).to.include("20 ms");
    }
  });
});

describe("a request that leads nowhere", () => {
  for (const path of ["/", "/bin", `${BASE}/nope`, `${BASE}/status/x`, "/metrics", `${BASE}x`, "/healthz/x"]) {
    it(`gets a 404 problem at ${path}`, async () => {
      const { status, headers, body } = await client().ask(path);
      expect(status).to.equal(404);
      expect(headers.get("content-type")).to.equal("application/problem+json");
      expect(body).to.include({ type: "about:blank", title: "Not Found", status: 404, code: "NOT_FOUND" });
    });
  }

  const wrong: [method: string, path: string, allow: string][] = [
    ["GET", BASE, "POST"],
    ["GET", `${BASE}/`, "POST"],
    ["PUT", BASE, "POST"],
    ["OPTIONS", BASE, "POST"],
    ["POST", `${BASE}/status`, "GET, HEAD"],
    ["DELETE", `${BASE}/logs`, "GET, HEAD"],
    ["POST", `${BASE}/openapi.json`, "GET, HEAD"],
    ["POST", "/healthz", "GET, HEAD"],
  ];
  for (const [method, path, allow] of wrong) {
    it(`gets 405 with Allow for ${method} ${path}`, async () => {
      const { status, headers, body } = await client().ask(path, { method });
      expect([status, headers.get("allow"), body.status]).to.deep.equal([405, allow, 405]);
      expect(body).to.include({ title: "Method Not Allowed", code: "METHOD_NOT_ALLOWED" });
      expect(headers.get("content-type")).to.equal("application/problem+json");
    });
  }

  it("is not confused with an unknown job", async () => {
    const { body } = await client({ statusCodes: "semantic" }).ask(STATUS);
    expect(body.code).to.equal("JOB_NOT_FOUND");
  });
});

describe("every answer", () => {
  const requests: [method: string, path: string][] = [
    ["GET", "/healthz"],
    ["GET", "/readyz"],
    ["GET", `${BASE}/openapi.json`],
    ["GET", STATUS],
    ["GET", `${BASE}/logs?processingId=x`],
    ["GET", "/nowhere"],
    ["PUT", BASE],
    ["POST", BASE],
    ["OPTIONS", BASE],
  ];
  for (const [method, path] of requests) {
    it(`to ${method} ${path} is not cached, not sniffed, and opens nothing to other origins`, async () => {
      const { headers } = await client().ask(path, { method, headers: { Origin: "https://evil.example" } });
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
      expect(headers.get("cache-control")).to.equal("no-store");
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).to.deep.equal([]);
    });
  }
});
