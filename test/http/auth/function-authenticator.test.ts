import { expect } from "chai";
import { AssetmillError } from "../../../src/core/errors.js";
import { type Authenticate, authenticateWith } from "../../../src/http/auth/function-authenticator.js";
import { BASE, client } from "../client.js";

describe("a host's own authenticate function", () => {
  const ask = async (authenticate: Authenticate, headers: Record<string, string> = {}) => {
    const errors: unknown[] = [];
    const { ask: get, operator } = client({
      authenticator: authenticateWith(authenticate, ['Custom realm="x"']),
      statusCodes: "semantic",
      onError: (error) => errors.push(error),
    });
    const { status, body, headers: answered } = await get(`${BASE}/history`, { headers });
    return { status, body, errors, challenge: answered.get("www-authenticate"), calls: operator.calls.length };
  };

  it("gets the headers and returns the caller, by name or as a principal, at once or later", async () => {
    const byKey: Authenticate = ({ header }) => (header("X-Api-Key") === "k" ? "anna" : undefined);
    expect((await ask(byKey, { "x-api-key": "k" })).status).to.equal(200);
    expect((await ask(async () => ({ name: "anna", by: "header" }))).status).to.equal(200);
  });

  it("returns nothing for an unknown caller: 401 with the host's challenge, and nothing is reached", async () => {
    for (const nobody of [() => undefined, async () => undefined, () => null as unknown as undefined]) {
      const { status, challenge, calls } = await ask(nobody);
      expect([status, challenge, calls]).to.deep.equal([401, 'Custom realm="x"', 0]);
    }
  });

  const failures: [what: string, authenticate: Authenticate, code: string][] = [
    ["an Error", () => Promise.reject(new Error("db at 10.0.0.7: password geheim")), "INTERNAL"],
    [
      "anything",
      () => {
        throw "geheim"; // eslint-disable-line @typescript-eslint/only-throw-error
      },
      "INTERNAL",
    ],
    ["one of our refusals", () => Promise.reject(new AssetmillError("PATH_NOT_FOUND", "geheim")), "INTERNAL"],
    ["UNAVAILABLE", () => Promise.reject(new AssetmillError("UNAVAILABLE", "geheim")), "UNAVAILABLE"],
    ["a name that is none", () => ({ name: "a\nb geheim" }), "INTERNAL"],
    ["an empty name", () => "", "INTERNAL"],
    ["no name", () => ({}) as { name: string }, "INTERNAL"],
  ];
  for (const [what, authenticate, code] of failures) {
    it(`is answered with ${code} if it gives ${what}; the caller learns nothing, and the host everything`, async () => {
      const { status, body, errors, calls } = await ask(authenticate);
      expect([status, body.code, calls]).to.deep.equal([code === "INTERNAL" ? 500 : 503, code, 0]);
      expect(JSON.stringify(body)).to.not.include("geheim");
      expect(errors).to.have.length(1);
    });
  }
});
