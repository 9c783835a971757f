import { expect } from "chai";
import { BASE, client } from "./client.js";
import { uuid } from "./fake-operator.js";

const FORM = "application/x-www-form-urlencoded";

const CHANGES: readonly [path: string, method: string][] = [
  ["cancel", "cancel"],
  ["resume", "resume"],
  ["pause", "pause"],
  ["restart", "restart"],
  ["retry-failed", "retryFailed"],
];

describe("a request that changes a job", () => {
  for (const [path, method] of CHANGES) {
    it(`is passed on in the caller's name on POST ${path}`, async () => {
      const { act, operator } = client();
      const { processingId } = operator.withJob({ status: "PAUSED" });
      const { status, body } = await act(`${BASE}/${path}`, { processingId });
      expect(status).to.equal(200);
      expect(operator.calls).to.deep.equal([{ name: method, args: [processingId, "anonymous"] }]);
      const isNew = path === "restart" || path === "retry-failed";
      expect(body).to.deep.equal(
        isNew
          ? { processingId: uuid(2), status: "WAITING", restartedFrom: processingId }
          : { processingId, status: "PAUSED" },
      );
    });

    it(`is JOB_NOT_FOUND on POST ${path} if the job is unknown`, async () => {
      for (const [statusCodes, expected] of [
        ["documented", 400],
        ["semantic", 404],
      ] as const) {
        const { status, body } = await client({ statusCodes }).act(`${BASE}/${path}`, { processingId: "nope" });
        expect([status, body.code, body.processingId]).to.deep.equal([expected, "JOB_NOT_FOUND", "nope"]);
      }
    });
  }

  const places: [string, path: string, type: string | undefined, body: string | undefined][] = [
    ["a JSON body", "", "application/json", '{"processingId":"ID"}'],
    ["a form body", "", FORM, "processingId=ID"],
    ["a form body in UTF-8", "", `${FORM}; charset=UTF-8`, "processingId=ID"],
    ["the query string, with no body at all", "?processingId=ID", undefined, undefined],
    ["the query string, with an empty form", "?processingId=ID", FORM, ""],
    ["the query string, with an empty body said to be JSON", "?processingId=ID", "application/json", ""],
    ["the query string, with a body that is null", "?processingId=ID", "application/json", "null"],
    ["the query string, with null in the body", "?processingId=ID", "application/json", '{"processingId":null}'],
    ["the query string, with an empty object", "?processingId=ID", "application/json", "{}"],
    ["both, and the same", "?processingId=ID", "application/json", '{"processingId":"ID"}'],
    ["both, and the same, below a trailing slash", "/?processingId=ID", FORM, "processingId=ID"],
  ];
  for (const [what, query, type, text] of places) {
    it(`accepts the processingId from ${what}`, async () => {
      const { ask, operator } = client();
      const { processingId } = operator.withJob();
      const { status } = await ask(`${BASE}/cancel${query.replace("ID", processingId)}`, {
        method: "POST",
        ...(type === undefined ? {} : { headers: { "Content-Type": type } }),
        ...(text === undefined ? {} : { body: new TextEncoder().encode(text.replace("ID", processingId)) }),
      });
      expect(status).to.equal(200);
      expect(operator.calls).to.deep.equal([{ name: "cancel", args: [processingId, "anonymous"] }]);
    });
  }

  const refused: [
    string,
    query: string,
    type: string | undefined,
    body: string | undefined,
    code: string,
    field?: string,
  ][] = [
    ["none at all", "", undefined, undefined, "INVALID_PARAMETER", "processingId"],
    ["none in JSON", "", "application/json", "{}", "INVALID_PARAMETER", "processingId"],
    ["none in a form", "", FORM, "a=", "UNKNOWN_FIELD", "a"],
    ["an empty one", "", FORM, "processingId=", "INVALID_PARAMETER", "processingId"],
    ["a number", "", "application/json", '{"processingId":5}', "INVALID_PARAMETER", "processingId"],
    ["two in a form", "", FORM, "processingId=a&processingId=b", "INVALID_PARAMETER", "processingId"],
    [
      "two in the query string",
      "?processingId=a&processingId=a",
      undefined,
      undefined,
      "INVALID_PARAMETER",
      "processingId",
    ],
    [
      "one in the body and another in the query",
      "?processingId=a",
      FORM,
      "processingId=b",
      "INVALID_PARAMETER",
      "processingId",
    ],
    [
      "one beside an unknown field",
      "",
      "application/json",
      '{"processingId":"a","force":true}',
      "UNKNOWN_FIELD",
      "force",
    ],
    ["one beside an unknown parameter", "?processingId=a&force=1", undefined, undefined, "UNKNOWN_FIELD", "force"],
    ["a __proto__ in a form", "", FORM, "processingId=a&__proto__=b", "UNKNOWN_FIELD", "__proto__"],
    ["one as plain text", "", "text/plain", "a", "UNSUPPORTED_MEDIA_TYPE"],
    ["one as a multipart form", "", "multipart/form-data; boundary=x", "--x", "UNSUPPORTED_MEDIA_TYPE"],
    ["one without a type", "", undefined, '{"processingId":"a"}', "UNSUPPORTED_MEDIA_TYPE"],
    ["broken JSON", "", "application/json", '{"processingId":', "INVALID_JSON"],
    ["a list", "", "application/json", "[]", "INVALID_PARAMETER", "body"],
  ];
  for (const [what, query, type, text, code, field] of refused) {
    it(`is refused if its processingId is ${what}`, async () => {
      const { ask, operator } = client();
      const { status, body } = await ask(`${BASE}/cancel${query}`, {
        method: "POST",
        ...(type === undefined ? {} : { headers: { "Content-Type": type } }),
        ...(text === undefined ? {} : { body: new TextEncoder().encode(text) }),
      });
      expect([status, body.code, body.errors?.[0].field]).to.deep.equal([400, code, field]);
      expect(operator.calls).to.deep.equal([]);
    });
  }

  it("is refused if its body is too large", async () => {
    const { ask } = client({ maxBodyBytes: 100, statusCodes: "semantic" });
    const init = { method: "POST", headers: { "Content-Type": FORM }, body: `processingId=${"a".repeat(100)}` };
    expect((await ask(`${BASE}/cancel`, init)).status).to.equal(413);
  });
});

describe("GET history", () => {
  it("answers what the operator has, 20 jobs by default", async () => {
    const { ask, operator } = client();
    const [older, newer] = [operator.withJob(), operator.withJob({ status: "SUCCESS" })];
    const { status, body } = await ask(`${BASE}/history`);
    expect([status, body]).to.deep.equal([200, { executionHistory: [newer, older] }]);
    expect(operator.calls).to.deep.equal([{ name: "history", args: [{ limit: 20 }] }]);
  });

  it("shows as many as the host configured if the caller does not say", async () => {
    const { ask, operator } = client({ historyLimit: 3 });
    await ask(`${BASE}/history`);
    await ask(`${BASE}/history?limit=7`);
    expect(operator.calls.map(({ args }) => args[0])).to.deep.equal([{ limit: 3 }, { limit: 7 }]);
  });

  it("passes every filter on", async () => {
    const { ask, operator } = client();
    const query = { before: "x", status: "FAILURE", type: "T", path: "/a b", createdBy: "ann" };
    expect((await ask(`${BASE}/history?limit=1000&${new URLSearchParams(query).toString()}`)).status).to.equal(200);
    expect(operator.calls[0]?.args[0]).to.deep.equal({ limit: 1000, ...query });
  });

  for (const [query, code, field] of [
    ["limit=0", "INVALID_PARAMETER", "limit"],
    ["limit=1001", "INVALID_PARAMETER", "limit"],
    ["limit=ten", "INVALID_PARAMETER", "limit"],
    ["status=DONE", "INVALID_PARAMETER", "status"],
    ["status=success", "INVALID_PARAMETER", "status"],
    ["status=SUCCESS&status=FAILURE", "INVALID_PARAMETER", "status"],
    ["before=", "INVALID_PARAMETER", "before"],
    ["path=", "INVALID_PARAMETER", "path"],
    ["user=ann", "UNKNOWN_FIELD", "user"],
  ] as const) {
    it(`refuses ${query} naming ${field}`, async () => {
      const { ask, operator } = client();
      const { status, body } = await ask(`${BASE}/history?${query}`);
      expect([status, body.code, body.errors[0].field]).to.deep.equal([400, code, field]);
      expect(operator.calls).to.deep.equal([]);
    });
  }
});
