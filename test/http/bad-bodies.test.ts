import { expect } from "chai";
import fc from "fast-check";
import { client } from "./client.js";

const FIELDS = [
  "path",
  "paths",
  "excludedPaths",
  "type",
  "filter",
  "priority",
  "maxFailures",
  "dryRun",
  "onOverlap",
  "__proto__",
  "toString",
];

const value = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.array(fc.string()),
  fc.constant({}),
);

/** Nearly a start request: its own fields with any values. */
const request = fc
  .dictionary(fc.oneof(fc.constantFrom(...FIELDS), fc.string()), value)
  .map((fields) => JSON.stringify({ type: "T", path: "/a", ...fields }));

const body = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.string({ unit: "binary" }),
  fc.json(),
  request,
  fc.tuple(request, fc.nat()).map(([text, seed]) => text.slice(0, seed % (text.length + 1))),
);

describe("random requests", () => {
  it("are answered with 200 or the caller's problem for any body, never with a server error", async () => {
    const errors: unknown[] = [];
    const { app } = client({ onError: (error) => errors.push(error) });
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        const headers = { "Content-Type": "application/json" };
        const response = await app.request("/bin/guides/v1/assets/process", { method: "POST", body: bytes, headers });
        const answer = (await response.json()) as Record<string, unknown>;
        if (response.status === 200) {
          expect(answer).to.have.all.keys("processingId");
          return;
        }
        expect(response.status).to.equal(400);
        expect(response.headers.get("content-type")).to.equal("application/problem+json");
        expect(answer.code).to.be.oneOf(["INVALID_JSON", "INVALID_PARAMETER", "UNKNOWN_FIELD", "PATH_BUSY"]);
      }),
      { numRuns: 2000 },
    );
    expect(errors).to.deep.equal([]);
  });

  it("are answered in the same way for any query string", async () => {
    const names = fc.constantFrom(
      "processingId",
      "offset",
      "limit",
      "tail",
      "__proto__",
      "constructor",
      "a[b]",
      "%",
      "%ff",
    );
    const query = fc.array(fc.tuple(names, fc.string())).map((pairs) => pairs.map((pair) => pair.join("=")).join("&"));
    const { ask } = client();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("status", "logs"), query, async (endpoint, text) => {
        const { status } = await ask(`/bin/guides/v1/assets/process/${endpoint}?${encodeURI(text)}`);
        expect(status).to.be.oneOf([200, 400]);
      }),
      { numRuns: 500 },
    );
  });
});
