import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { expect } from "chai";
import fc from "fast-check";
import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import { type Assetmill, createAssetmill } from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { tempFolder } from "../support/temp-folder.js";
import { BASE, SIBLINGS } from "./client.js";
import { type Schema, SchemaValues } from "./schema-values.js";

const SEED = Number(process.env["ASSETMILL_FUZZ_SEED"] ?? 63);
const STARTS = 400;
const OTHERS = 60;
const MUTATIONS = 600;

/** What a sound request may be told: that something is not there, or not in a state for it. */
const UNKNOWN_OR_BUSY = ["PATH_NOT_FOUND", "JOB_NOT_FOUND", "PATH_BUSY", "ILLEGAL_STATE"];

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema; example: unknown }>> };
}

describe(`requests built from the OpenAPI document (seed ${SEED})`, () => {
  let mill: Assetmill;
  let remove: () => Promise<void>;
  let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  let values: SchemaValues;
  let known: string;
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  let valid: (schema: Schema) => ValidateFunction;

  before(async () => {
    const temp = await tempFolder();
    remove = temp.remove;
    mill = await createAssetmill({
      assets: new MemoryAssetRepository({
        "/content/dam/espresso/a.dita": "<topic/>",
        "/in/a.txt": "",
        "/in/b/c.txt": "",
      }),
      store: `sqlite:${temp.folder}/store.sqlite`,
      autoStart: false,
      http: { authenticator: new OpenAuthenticator() },
    });
    const document = (await (await mill.fetch(new Request(`http://localhost${BASE}/openapi.json`))).json()) as {
      paths: typeof paths;
      components: { schemas: Record<string, Schema> };
    };
    paths = document.paths;
    ajv.addSchema({ $id: "https://assetmill.test/d", components: document.components });
    valid = (schema) =>
      ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://assetmill.test/d#/')) as object);
    values = new SchemaValues(document.components.schemas, ajv, { Path: ["/in", "/in/b", "in/a.txt", "/"] });
    const { body } = await send("POST", BASE, { path: "/content", type: "ASSET_PROCESSING" });
    known = body.processingId as string;
  });
  after(async () => {
    await mill.close();
    await remove();
  });

  async function send(method: string, target: string, body?: unknown): Promise<{ status: number; body: any }> {
    const init = {
      method,
      ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    };
    const response = await mill.fetch(new Request(`http://localhost${target}`, init));
    const isJson = /json$/.test(response.headers.get("content-type") ?? "");
    if (!isJson) await response.body?.cancel();
    return { status: response.status, body: isJson ? await response.json() : undefined };
  }

  const bodyOf = (path: string): Schema => {
    const { schema } = paths[path]?.["post"]?.requestBody?.content["application/json"] ?? {};
    if (!schema) throw new Error(`no body at ${path}`);
    return schema;
  };

  /** The one rule about two fields that a schema cannot say: `startTime` is not after `endTime`. */
  function ordered(body: any): any {
    const { startTime, endTime } = body.filter ?? {};
    if (typeof startTime !== "number" || typeof endTime !== "number" || startTime <= endTime) return body;
    return { ...body, filter: { ...body.filter, startTime: endTime, endTime: startTime } };
  }

  const withBody = [
    BASE,
    `${SIBLINGS}/assets/status`,
    ...["cancel", "resume", "pause", "restart", "retry-failed"].map((name) => `${BASE}/${name}`),
  ];

  it("cover each endpoint that takes a body", () => {
    const found = Object.entries(paths).filter(([, operations]) => operations["post"]?.requestBody);
    expect(found.map(([path]) => path).sort()).to.deep.equal([...withBody].sort());
  });

  for (const path of withBody) {
    it(`are never refused as invalid by POST ${path}`, async () => {
      const schema = bodyOf(path);
      const isValid = valid(schema);
      const codes = new Map<string, number>();
      const numRuns = path === BASE ? STARTS : OTHERS;
      for (const built of fc.sample(values.of(schema), { numRuns, seed: SEED })) {
        const body = ordered(built);
        expect(isValid(body), JSON.stringify(body)).to.equal(true);
        const answer = await send("POST", path, body);
        const code = answer.status === 200 ? "200" : (answer.body.code as string);
        expect([...UNKNOWN_OR_BUSY, "200"], `${JSON.stringify(body).slice(0, 3000)}\n${answer.body.detail}`).to.include(
          code,
        );
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (answer.status === 200 && path === BASE)
          await send("POST", `${BASE}/cancel`, { processingId: answer.body.processingId });
      }
      const counts = [...codes].sort().map(([code, count]) => `${count} × ${code}`);
      process.stdout.write(`      ${numRuns} bodies: ${counts.join(", ")}; seed ${SEED}\n`);
      if (path === BASE) expect(codes.get("200"), "some are accepted").to.be.greaterThan(STARTS / 20);
    });
  }

  it("are never refused as invalid by any GET", async () => {
    const codes = new Set<string>();
    for (const [path, operations] of Object.entries(paths)) {
      const { parameters = [] } = operations["get"] ?? {};
      const inQuery = parameters.filter((parameter) => parameter.in === "query");
      if (inQuery.length === 0) continue;
      const model = Object.fromEntries(
        inQuery.map(({ name, schema }) => [
          name,
          name === "processingId" ? fc.oneof(fc.constant(known), values.of(schema)) : values.of(schema),
        ]),
      );
      const requiredKeys = inQuery.filter(({ required }) => required).map(({ name }) => name) as never[];
      for (const query of fc.sample(fc.record(model, { requiredKeys }), { numRuns: OTHERS, seed: SEED })) {
        // What a parameter's description says about another one, or about the answer: JSON and the log have no mark.
        delete (query as Record<string, unknown>)["bom"];
        if ("tail" in query) for (const other of ["offset", "limit"]) delete (query as Record<string, unknown>)[other];
        const target = `${path}?${new URLSearchParams(query as Record<string, string>).toString()}`;
        const { status, body } = await send("GET", target);
        if (status >= 400) expect(UNKNOWN_OR_BUSY, `${target}\n${body?.detail}`).to.include(body?.code);
        codes.add(`${status}`);
      }
    }
    expect(codes).to.include("200");
  });

  it("are refused if one value of the body is not as the document says", async () => {
    const schema = bodyOf(BASE);
    const isValid = valid(schema);
    const strange = fc.oneof(
      fc.constantFrom<unknown>(
        "",
        " ",
        "/a/../b",
        "a\nb",
        "/\u0000",
        -1,
        10,
        0.5,
        1_700_000_000,
        2 ** 53,
        "101%",
        "5 %",
        "queue",
        "MARKDOWN",
        "XML",
      ),
      fc.constantFrom<unknown>(
        null,
        true,
        {},
        [],
        [[]],
        ["/in", 1],
        { fileTypes: ["XML"] },
        { startTime: 5e9 },
        { nope: 1 },
        "x".repeat(4_097),
      ),
      fc.jsonValue(),
    );
    const field = fc.constantFrom(
      "path",
      "paths",
      "excludedPaths",
      "type",
      "filter",
      "priority",
      "maxFailures",
      "dryRun",
      "onOverlap",
      "nope",
    );
    const cases = fc.sample(fc.tuple(values.of(schema), field, strange), { numRuns: MUTATIONS, seed: SEED });
    let invalid = 0;
    for (const [built, name, value] of cases) {
      const body = { ...(ordered(built) as Record<string, unknown>), [name]: value };
      if (isValid(body)) continue;
      // Null is as good as absent: the document leaves out that both roots may be given if one of them is null.
      if (value === null && (name === "path" || name === "paths") && isValid(without(body, name))) continue;
      invalid++;
      const answer = await send("POST", BASE, body);
      expect(answer.status, JSON.stringify(body).slice(0, 3000)).to.equal(400);
      expect(answer.body.code, `${JSON.stringify(body).slice(0, 3000)}\n${answer.body.detail}`).to.be.oneOf([
        "INVALID_PARAMETER",
        "UNKNOWN_FIELD",
        "UNKNOWN_TYPE",
      ]);
    }
    expect(invalid).to.be.greaterThan(MUTATIONS / 3);
  });

  it("work if they are the document's own examples", async () => {
    for (const path of withBody) {
      const { example } = paths[path]?.["post"]?.requestBody?.content["application/json"] ?? {};
      const { status, body } = await send("POST", path, example);
      if (status !== 200) expect(["JOB_NOT_FOUND", "PATH_BUSY"], `${path}: ${body.detail}`).to.include(body.code);
    }
  });
});

const without = (body: Readonly<Record<string, unknown>>, name: string): object =>
  Object.fromEntries(Object.entries(body).filter(([own]) => own !== name));
