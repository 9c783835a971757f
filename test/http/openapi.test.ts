import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "chai";
import { BASE, client, SIBLINGS } from "./client.js";

/** Every endpoint of CONTRACT.md but those of later issues, and what a good answer of it may be. */
const ENDPOINTS: readonly [method: string, path: string, types: readonly string[]][] = [
  ["post", BASE, ["application/json"]],
  ["get", `${BASE}/status`, ["application/json"]],
  ["get", `${BASE}/logs`, ["application/json"]],
  ["get", `${BASE}/logs/download`, ["application/zip", "application/json", "text/plain", "text/csv"]],
  ["post", `${BASE}/cancel`, ["application/json"]],
  ["post", `${BASE}/resume`, ["application/json"]],
  ["get", `${BASE}/history`, ["application/json"]],
  ["post", `${BASE}/restart`, ["application/json"]],
  ["post", `${BASE}/pause`, ["application/json"]],
  ["post", `${BASE}/retry-failed`, ["application/json"]],
  ["get", `${BASE}/failures`, ["application/json", "application/x-ndjson", "text/csv"]],
  ["get", `${BASE}/outcomes`, ["application/json", "application/x-ndjson", "text/csv"]],
  ["get", `${BASE}/results`, ["application/json"]],
  ["get", `${BASE}/events`, ["text/event-stream"]],
  ["get", `${BASE}/openapi.json`, ["application/json"]],
  ["get", `${BASE}/csrf-token`, ["application/json"]],
  ["post", `${SIBLINGS}/assets/status`, ["application/json"]],
  ["get", `${SIBLINGS}/assets/status`, ["application/json"]],
  ["get", `${SIBLINGS}/system/status`, ["application/json"]],
  ["get", "/healthz", ["application/json"]],
  ["get", "/readyz", ["application/json"]],
];

interface Operation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

describe("the OpenAPI document", () => {
  const documented = async () => (await client().ask(`${BASE}/openapi.json`)).body;

  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate(await documented());
    expect(result.errors ?? []).to.deep.equal([]);
    expect(result.valid).to.equal(true);
  });

  it("is found invalid if it is not: the validator works", async () => {
    const document = await documented();
    document.paths[BASE].post.responses[200].description = 5;
    expect((await new Validator().validate(document)).valid).to.equal(false);
  });

  it("says that a field of a body which may be absent may be null, and that a required one may not", async () => {
    const { StartRequest, AssetStatusRequest, JobReference } = (await documented()).components.schemas;
    const nullable = ({ type, anyOf = [] }: any): boolean =>
      [type, ...anyOf.map((one: any) => one.type)].flat().includes("null");
    const { type, ...optional } = StartRequest.properties;
    expect(nullable(type)).to.equal(false);
    const all = {
      ...optional,
      ...optional.filter.properties,
      ...AssetStatusRequest.properties,
      ...JobReference.properties,
    };
    expect(Object.keys(all).filter((name) => !nullable(all[name]))).to.deep.equal([]);
  });

  it("has each endpoint of the contract and no other", async () => {
    const { paths } = await documented();
    const found = Object.entries(paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(found.sort()).to.deep.equal(ENDPOINTS.map(([method, path]) => `${method} ${path}`).sort());
  });

  it("has each route of the app", async () => {
    const { app } = client();
    const { paths } = await documented();
    const routes = app.routes.filter(({ method }) => method !== "ALL");
    expect(routes.length).to.be.greaterThan(15);
    for (const { method, path } of routes)
      expect(paths[path], `${method} ${path}`).to.have.property(method.toLowerCase());
  });

  for (const [method, path, types] of ENDPOINTS) {
    it(`describes all answers to ${method} ${path}, problems included`, async () => {
      const { paths, components } = await documented();
      const { responses, security } = paths[path][method] as Operation;
      expect(Object.keys(responses["200"]?.content ?? {})).to.have.members(types);
      const open = path === "/healthz" || path === "/readyz";
      for (const status of open ? ["default"] : ["400", "401", "429", "500", "default"]) {
        expect(responses[status]?.content, status).to.deep.equal({
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        });
      }
      expect(security).to.deep.equal(open ? [] : undefined);
      expect(components.schemas.Problem.required).to.include("code");
    });
  }

  it("names each operation once, and lists the authentication schemes", async () => {
    const { paths, security, components } = await documented();
    const operations = Object.values(paths as Record<string, Record<string, Operation>>).flatMap(Object.values);
    const ids = operations.map(({ operationId }: Operation) => operationId);
    expect(new Set(ids).size).to.equal(ENDPOINTS.length);
    expect(security).to.deep.equal([{ basic: [] }, { bearer: [] }]);
    expect(components.securitySchemes).to.deep.equal({
      basic: { type: "http", scheme: "basic" },
      bearer: { type: "http", scheme: "bearer" },
    });
  });

  it("describes what may be sent: bodies, forms, headers and parameters", async () => {
    const { paths } = await documented();
    const { parameters, requestBody } = paths[BASE].post;
    expect(parameters).to.have.length(1);
    expect(parameters[0]).to.deep.include({ name: "Idempotency-Key", in: "header", required: false });
    expect(Object.keys(requestBody.content)).to.deep.equal(["application/json"]);
    expect(Object.keys(paths[`${BASE}/cancel`].post.requestBody.content)).to.deep.equal([
      "application/json",
      "application/x-www-form-urlencoded",
    ]);
    const names = (path: string) => paths[path].get.parameters.map(({ name }: { name: string }) => name);
    expect(names(`${BASE}/history`)).to.deep.equal(["limit", "before", "status", "type", "path", "createdBy"]);
    expect(names(`${BASE}/outcomes`)).to.deep.equal(["processingId", "limit", "after", "bom"]);
    expect(names(`${BASE}/events`)).to.have.members(["processingId", "Last-Event-ID"]);
    expect(names(`${BASE}/logs/download`)).to.deep.equal(["processingId", "file", "bom"]);
    expect(names(`${SIBLINGS}/assets/status`)).to.deep.equal(["jobId", "limit", "after"]);
  });
});

describe("the check of answers against the document", () => {
  it("detects an answer with a missing field, an undocumented field, or a wrong type", async () => {
    const { ask, operator } = client();
    const report = operator.withJob();
    const wrong: object[] = [
      { eta: undefined },
      { surprise: 1 },
      { triggeredCount: "5" },
      { status: "DONE" },
      { eta: { ...report.eta, basis: "GUESS" } },
      { eta: { ...report.eta, extra: true } },
    ];
    for (const over of wrong) {
      const { processingId } = operator.withJob(over);
      const error = await ask(`${BASE}/status?processingId=${processingId}`).catch((caught: unknown) => caught);
      expect(error, JSON.stringify(over)).to.be.instanceOf(Error);
    }
    expect((await ask(`${BASE}/status?processingId=${report.processingId}`)).status).to.equal(200);
  });
});
