import { expect } from "chai";
import { request } from "node:http";
import { TokenAuthenticator } from "../../src/http/auth/token-authenticator.js";
import { type Listening, listen } from "../../src/http/listen.js";
import { createApp } from "../../src/http/routes.js";
import { BASE, client } from "./client.js";
import { FakeOperator } from "./fake-operator.js";

describe("several Authorization headers", () => {
  let server: Listening;

  before(async () => {
    const app = createApp(new FakeOperator(), { authenticator: new TokenAuthenticator("secret") });
    server = await listen((asked, env) => app.fetch(asked, env), { host: "127.0.0.1", port: 0, closeTimeoutMs: 200 });
  });
  after(() => server.close());

  const ask = (...authorization: string[]): Promise<{ status: number | undefined; body: any }> =>
    new Promise((resolve, reject) => {
      const asked = request(`${server.url}${BASE}/history`, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (data: string) => (text += data));
        response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
      });
      asked.on("error", reject).setHeader("Authorization", authorization).end();
    });

  it("are refused, whichever of them is right: a proxy may have looked at another one than we would", async () => {
    expect((await ask("Bearer secret")).status).to.equal(200);
    for (const headers of [
      ["Bearer secret", "Bearer guess"],
      ["Bearer guess", "Bearer secret"],
      ["Bearer secret", "Bearer secret"],
      ["Bearer secret", "Basic x"],
      ["", "Bearer secret"],
    ]) {
      const { status, body } = await ask(...headers);
      expect([status, body.code, body.errors[0].field], headers.join()).to.deep.equal([
        400,
        "INVALID_PARAMETER",
        "Authorization",
      ]);
      expect(JSON.stringify(body)).to.not.include("secret");
    }
  });

  it("are refused as one without a socket", async () => {
    const { ask: call } = client({ authenticator: new TokenAuthenticator("secret") });
    const headers = new Headers({ Authorization: "Bearer secret" });
    headers.append("Authorization", "Bearer secret");
    const { status } = await call(`${BASE}/history`, { headers });
    expect(status).to.equal(401);
  });
});
