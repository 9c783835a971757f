import type { z } from "@hono/zod-openapi";
import { expect } from "chai";
import type { JobReport } from "../../src/core/job/job-report.js";
import { jobReportSchema, logPageSchema } from "../../src/http/representations.js";
import { BASE, client } from "./client.js";

describe("GET status", () => {
  it("answers the job's report as the operator gives it", async () => {
    const { start, ask, operator } = client();
    const { processingId } = (await start({ path: "/a", type: "T" })).body;
    const { status, headers, body } = await ask(`${BASE}/status?processingId=${processingId}`);
    expect(status).to.equal(200);
    expect(headers.get("content-type")).to.match(/^application\/json/);
    expect(body).to.deep.equal(await operator.status(processingId));
  });

  it("answers nothing that the documented schema does not contain", async () => {
    type Undocumented = Exclude<keyof JobReport, keyof z.infer<typeof jobReportSchema>>;
    const allDocumented: [Undocumented] extends [never] ? true : Undocumented = true;
    expect(allDocumented).to.equal(true);
    const { start, operator } = client();
    const { processingId } = (await start({ path: "/a", type: "T" })).body;
    const parsed = jobReportSchema.strict().parse(await operator.status(processingId));
    expect(parsed).to.deep.equal(await operator.status(processingId));
  });

  it("may be called with a trailing slash, or as HEAD", async () => {
    const { start, ask } = client();
    const { processingId } = (await start({ path: "/a", type: "T" })).body;
    expect((await ask(`${BASE}/status/?processingId=${processingId}`)).status).to.equal(200);
    const head = await ask(`${BASE}/status?processingId=${processingId}`, { method: "HEAD" });
    expect([head.status, head.body]).to.deep.equal([200, undefined]);
  });

  it("names an unknown job, with 400 or 404", async () => {
    for (const [statusCodes, expected] of [
      ["documented", 400],
      ["semantic", 404],
    ] as const) {
      const { status, body } = await client({ statusCodes }).ask(`${BASE}/status?processingId=nope`);
      expect([status, body.code, body.processingId]).to.deep.equal([expected, "JOB_NOT_FOUND", "nope"]);
    }
  });
});

describe("GET logs", () => {
  const pages: [query: string, passedOn: object, lines: string[], hasMore: boolean][] = [
    ["", {}, ["one", "two", "three"], false],
    ["&offset=1", { offset: 1 }, ["two", "three"], false],
    ["&limit=2", { limit: 2 }, ["one", "two"], true],
    ["&offset=1&limit=1", { offset: 1, limit: 1 }, ["two"], true],
    ["&offset=99999999", { offset: 99_999_999 }, [], false],
    ["&tail=1", { tail: 1 }, ["three"], false],
    ["&tail=0", { tail: 0 }, [], false],
    ["&limit=10000", { limit: 10_000 }, ["one", "two", "three"], false],
  ];
  for (const [query, passedOn, lines, hasMore] of pages) {
    it(`passes "${query}" on as numbers and answers the page`, async () => {
      const { ask, operator } = client();
      const { status, body } = await ask(`${BASE}/logs?processingId=x${query}`);
      expect(status).to.equal(200);
      expect(operator.calls[0]?.args).to.deep.equal(["x", passedOn]);
      expect(body).to.have.all.keys("lines", "limit", "offset", "hasMore");
      expect([body.lines, body.hasMore]).to.deep.equal([lines, hasMore]);
      logPageSchema.strict().parse(body);
    });
  }
});

describe("query parameters", () => {
  const refused: [path: string, code: string, field: string][] = [
    ["/status", "INVALID_PARAMETER", "processingId"],
    ["/status?processingId=", "INVALID_PARAMETER", "processingId"],
    ["/status?processingId=a&processingId=b", "INVALID_PARAMETER", "processingId"],
    ["/status?processingId=a&verbose=1", "UNKNOWN_FIELD", "verbose"],
    ["/status?processingId=a&__proto__=1", "UNKNOWN_FIELD", "__proto__"],
    ["/logs", "INVALID_PARAMETER", "processingId"],
    ["/logs?processingId=a&page=1", "UNKNOWN_FIELD", "page"],
    ["/logs?processingId=a&tail=1&offset=0", "INVALID_PARAMETER", "tail"],
    ["/logs?processingId=a&tail=1&limit=1", "INVALID_PARAMETER", "tail"],
    ["/logs?processingId=a&limit=1&limit=2", "INVALID_PARAMETER", "limit"],
    ["/logs?processingId=a&limit=10001", "INVALID_PARAMETER", "limit"],
    ["/logs?processingId=a&limit=0", "INVALID_PARAMETER", "limit"],
    ["/logs?processingId=a&tail=10001", "INVALID_PARAMETER", "tail"],
    ["/logs?processingId=a&offset=99999999999999999999", "INVALID_PARAMETER", "offset"],
    ...["offset", "limit", "tail"].flatMap((name) =>
      ["-1", "1.5", "1e3", "0x10", "", "ten", "%201", "%2B1", "NaN", "%EF%BC%91"].map(
        (value): [string, string, string] => [`/logs?processingId=a&${name}=${value}`, "INVALID_PARAMETER", name],
      ),
    ),
  ];
  for (const [path, code, field] of refused) {
    it(`are rejected at ${path}, naming ${field}`, async () => {
      const { ask, operator } = client();
      const { status, body } = await ask(`${BASE}${path}`);
      expect([status, body.code]).to.deep.equal([400, code]);
      expect(body.errors.map((error: { field: string }) => error.field)).to.deep.equal([field]);
      expect(operator.calls).to.deep.equal([]);
    });
  }
});

describe("GET openapi.json", () => {
  it("describes each endpoint with the schemas that validate it", async () => {
    const { ask } = client();
    const { status, body } = await ask(`${BASE}/openapi.json`);
    expect(status).to.equal(200);
    expect(body.openapi).to.equal("3.1.0");
    const { StartWithPaths, Job, Problem } = body.components.schemas;
    expect(StartWithPaths.additionalProperties).to.equal(false);
    expect(StartWithPaths.required).to.deep.equal(["paths", "type"]);
    expect(StartWithPaths.properties.paths.maxItems).to.equal(1000);
    expect(Job.properties.status.enum).to.include("CANCELLING");
    expect(Problem.required).to.include("code");
    const parameters = body.paths[`${BASE}/logs`].get.parameters as {
      name: string;
      required?: boolean;
      schema: object;
    }[];
    expect(parameters.map(({ name }) => name)).to.deep.equal(["processingId", "offset", "limit", "tail"]);
    expect(parameters[2]?.schema).to.deep.include({ type: "integer", minimum: 1, maximum: 10_000 });
    expect(parameters.map(({ required }) => required ?? false)).to.deep.equal([true, false, false, false]);
  });

  it("follows the base path", async () => {
    const { ask } = client({ basePath: "/jobs/" });
    const { paths } = (await ask("/jobs/openapi.json")).body;
    expect(paths).to.include.keys("/jobs", "/jobs/status", "/jobs/logs", "/jobs/assets/status", "/jobs/system/status");
    expect(Object.keys(paths).filter((path) => path.startsWith("/bin"))).to.deep.equal([]);
    expect((await ask(`${BASE}/openapi.json`)).status).to.equal(404);
  });
});
