import { Validator } from "@seriousme/openapi-schema-validator";
import { expect } from "chai";
import { FILE_TYPES } from "../../src/core/asset/file-type.js";
import { REQUEST_ERROR_CODES } from "../../src/core/errors.js";
import { documentOf } from "../../src/http/openapi.js";
import { BASE, client, defaultCheck, SIBLINGS } from "./client.js";

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
    const { schemas } = (await documented()).components;
    const nullable = ({ type, oneOf = [] }: any): boolean =>
      [type, ...oneOf.map((one: any) => one.type)].flat().includes("null");
    for (const name of ["StartWithPath", "StartWithPaths", "Filter", "AssetScopeWithPath", "AssetScopeWithPaths"]) {
      const { properties, required = [] } = schemas[name];
      for (const [field, schema] of Object.entries(properties))
        expect(nullable(schema), `${name}.${field}`).to.equal(!required.includes(field));
    }
  });

  it("has no default for anything that is sent: generated clients would require it, or send it always", async () => {
    const { paths, components } = await documented();
    const sent = Object.values(paths as Record<string, Record<string, any>>).flatMap((operations) =>
      Object.values(operations).flatMap(({ parameters, requestBody }) => [parameters, requestBody]),
    );
    expect(JSON.stringify([sent, components.schemas]))
      .to.include('"maximum"')
      .and.to.not.include('"default":');
  });

  it("has one name for each object: no operation's parameters and schema share one", async () => {
    const { paths, components } = await documented();
    const operations = Object.values(paths as Record<string, Record<string, any>>).flatMap(Object.values);
    const taken = operations
      .filter(({ requestBody }) => !requestBody)
      .map(({ operationId }) => `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}Request`);
    expect(Object.keys(components.schemas).filter((name) => taken.includes(name))).to.deep.equal([]);
  });

  it("says where it may be found, relative to itself", async () => {
    expect((await documented()).servers).to.deep.equal([
      { url: "/", description: "The server that this document comes from" },
    ]);
  });

  it("says what of a request is refused", async () => {
    const { paths, components } = await documented();
    const { StartRequest, StartWithPath, Filter, Path } = components.schemas;
    expect(StartRequest.oneOf).to.have.length(2);
    expect(StartWithPath.required).to.deep.equal(["path", "type"]);
    expect(StartWithPath.properties.type).to.include({ minLength: 1, maxLength: 200 });
    expect(Path).to.include({ minLength: 1, maxLength: 4096 });
    expect(Path.pattern).to.be.a("string");
    const percentage = new RegExp(StartWithPath.properties.maxFailures.oneOf[1].pattern);
    expect(
      ["0%", "5%", "99.5%", "100%", "100.0%", "100.1%", "101%", "5", "%"].map((text) => percentage.test(text)),
    ).to.deep.equal([true, true, true, true, true, false, false, false, false]);
    expect(Filter.properties.fileTypes.oneOf[0].enum).to.deep.equal([...FILE_TYPES]);
    expect(Filter.properties.fileTypes.oneOf[1].items.enum).to.deep.equal([...FILE_TYPES]);
    const after = paths[`${BASE}/outcomes`].get.parameters.find(({ name }: { name: string }) => name === "after");
    expect(after.schema.pattern).to.be.a("string");
  });

  it("lists the job types of a server that says them, and takes any string otherwise", async () => {
    const { type } = (await documented()).components.schemas.StartWithPath.properties;
    expect(type.enum).to.equal(undefined);
    const told = client({ jobTypes: ["ASSET_PROCESSING", "OTHER"] }).app;
    const document = documentOf(told) as any;
    expect(document.components.schemas.StartWithPaths.properties.type.enum).to.deep.equal([
      "ASSET_PROCESSING",
      "OTHER",
    ]);
  });

  it("lists every code that a problem may have", async () => {
    const { code } = (await documented()).components.schemas.Problem.properties;
    expect(code.enum).to.include.members([...REQUEST_ERROR_CODES, "NOT_FOUND", "METHOD_NOT_ALLOWED", "URI_TOO_LONG"]);
    expect(new Set(code.enum).size).to.equal(code.enum.length);
  });

  it("says that numbers may exceed 32 bits, wherever they may", async () => {
    const { Job, Outcome, Filter } = (await documented()).components.schemas;
    for (const schema of [Job.properties.startedAt, Job.properties.triggeredCount, Outcome.properties.at])
      expect(schema.format).to.equal("int64");
    expect(Filter.properties.startTime.format).to.equal("int64");
  });

  it("says what the data of events is, and how long to wait after too many requests", async () => {
    const { paths, components } = await documented();
    const { responses } = paths[`${BASE}/events`].get;
    const { example, "x-event-data": data } = responses[200].content["text/event-stream"];
    expect(Object.keys(data)).to.deep.equal(["status", "progress", "log"]);
    const check = defaultCheck();
    const events = [...example.matchAll(/^event: (\w+)\ndata: (.*)$/gm)];
    expect(events.map(([, kind]) => kind)).to.deep.equal(["status", "log"]);
    for (const [, kind, text] of events) check.checkComponent(data[kind].$ref.split("/").at(-1), text);
    expect(components.schemas.LogEvent.required).to.deep.equal(["line", "text"]);
    expect(responses[429].headers["Retry-After"].schema.type).to.equal("integer");
    expect(responses[401].headers["WWW-Authenticate"].schema.type).to.equal("string");
  });

  it("has an example for each body that is sent or returned, as its schema says", async () => {
    const { paths } = await documented();
    const check = defaultCheck();
    const missing: string[] = [];
    for (const [path, operations] of Object.entries(paths as Record<string, Record<string, any>>)) {
      for (const [method, { requestBody, responses }] of Object.entries(operations)) {
        for (const [media, { example }] of Object.entries<any>(requestBody?.content ?? {})) {
          if (example === undefined) missing.push(`${method} ${path}: ${media}`);
          else check.checkRequest(method, path, media, JSON.stringify(example));
        }
        for (const [status, { content = {} }] of Object.entries<any>(responses)) {
          for (const [media, { example, schema }] of Object.entries<any>(content)) {
            if (schema.format === "binary") continue;
            if (example === undefined) missing.push(`${method} ${path}: ${status} ${media}`);
            else if (/json$/.test(media)) {
              const text = JSON.stringify(example);
              // Every status that has no response of its own is checked against the default one.
              const received = { method, pathname: path, status: status === "default" ? 404 : Number(status) };
              check.check({ ...received, contentType: media, text });
            }
          }
        }
      }
    }
    expect(missing).to.deep.equal([]);
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
      const problems = ["400", "401", "429", "500", ...(method === "post" ? ["408"] : []), "default"];
      for (const status of open ? ["default"] : problems) {
        const content = responses[status]?.content as Record<string, { schema: unknown }> | undefined;
        expect(Object.keys(content ?? {}), status).to.deep.equal(["application/problem+json"]);
        expect(content?.["application/problem+json"]?.schema).to.deep.equal({ $ref: "#/components/schemas/Problem" });
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
