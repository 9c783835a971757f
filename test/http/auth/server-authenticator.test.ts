import { expect } from "chai";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AssetmillError, messageOf } from "../../../src/core/errors.js";
import { ServerAuthenticator } from "../../../src/http/auth/server-authenticator.js";
import { BASE, client } from "../client.js";
import { basic, credentials } from "./credentials.js";

const USERS: Readonly<Record<string, string>> = {
  [basic("admin", "admin")]: "admin",
  "Bearer t0ken": "cloud",
  "sling.formauth=s1": "carla",
  "login-token=s2": "dora",
  "login-token=s2; sling.formauth=s1": "both",
};

/** Who-am-I of a server that acts like Sling: anonymous without credentials, 401 for wrong ones. */
function sling(request: IncomingMessage, response: ServerResponse): void {
  const given = request.headers.authorization ?? request.headers.cookie;
  const user = given === undefined ? "anonymous" : USERS[given];
  if (request.url !== "/system/sling/info.sessionInfo.json") return void response.writeHead(404).end();
  if (user === undefined) return void response.writeHead(401, { "WWW-Authenticate": "Basic" }).end();
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ workspace: "crx.default", userID: user, authType: "BASIC" }));
}

function aem(request: IncomingMessage, response: ServerResponse): void {
  const user = USERS[request.headers.authorization ?? ""] ?? "anonymous";
  if (request.url !== "/libs/granite/security/currentuser.json") return void response.writeHead(404).end();
  response.end(JSON.stringify({ home: `/home/users/${user}`, authorizableId: user }));
}

describe("an authenticator that asks the server", () => {
  let server: Server;
  let url: string;
  let asked: IncomingMessage[];
  let act: (request: IncomingMessage, response: ServerResponse) => void;

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request);
      act(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked = [];
    act = sling;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const who = (headers: Readonly<Record<string, string>>, authenticator = new ServerAuthenticator({ url })) =>
    authenticator.authenticate(credentials(headers));

  it("knows whom the server knows: by Basic, by Bearer, by the session's cookie", async () => {
    expect(await who({ authorization: basic("admin", "admin") })).to.deep.equal({ name: "admin", by: "header" });
    expect(await who({ authorization: "Bearer t0ken" })).to.deep.equal({ name: "cloud", by: "header" });
    expect(await who({ cookie: "a=b; sling.formauth=s1" })).to.deep.equal({
      name: "carla",
      by: "cookie",
      session: "sling.formauth=s1",
    });
  });

  it("refuses wrong credentials, and anonymous callers", async () => {
    expect(await who({ authorization: basic("admin", "wrong") })).to.equal(undefined);
    expect(await who({ cookie: "sling.formauth=over" })).to.equal(undefined);
    act = (_request, response) => void response.end('{"userID":"anonymous"}');
    expect(await who({ authorization: basic("admin", "admin") })).to.equal(undefined);
  });

  it("does not ask the server about callers without credentials that it could know", async () => {
    const useless: Record<string, string>[] = [
      {},
      { cookie: "a=b" },
      { authorization: "Digest x" },
      { authorization: "" },
    ];
    for (const headers of useless) {
      expect(await who(headers)).to.equal(undefined);
    }
    expect(asked).to.deep.equal([]);
  });

  it("passes on a single credential: no other cookie, and no cookie next to Authorization", async () => {
    await who({ cookie: "tracking=1; login-token=s2; x" });
    await who({ authorization: basic("admin", "wrong"), cookie: "sling.formauth=s1" });
    expect(asked.map(({ headers }) => [headers.cookie, headers.authorization])).to.deep.equal([
      ["login-token=s2", undefined],
      [undefined, basic("admin", "wrong")],
    ]);
  });

  it("finds AEM's page if Sling's is missing, and asks there from then on", async () => {
    act = aem;
    const authenticator = new ServerAuthenticator({ url });
    expect(await who({ authorization: "Bearer t0ken" }, authenticator)).to.include({ name: "cloud" });
    expect(await who({ authorization: basic("admin", "admin") }, authenticator)).to.include({ name: "admin" });
    expect(asked.map((request) => request.url)).to.deep.equal([
      "/system/sling/info.sessionInfo.json",
      "/libs/granite/security/currentuser.json",
      "/libs/granite/security/currentuser.json",
    ]);
  });

  it("asks under the server's context path", async () => {
    await who({ authorization: "Bearer t0ken" }, new ServerAuthenticator({ url: `${url}/ctx/` })).catch(
      () => undefined,
    );
    expect(asked[0]?.url).to.equal("/ctx/system/sling/info.sessionInfo.json");
  });

  it("caches a positive answer for a while, so that polling does not ask each time, and never a negative one", async () => {
    const authenticator = new ServerAuthenticator({ url, cacheMs: 100 });
    const good = { authorization: "Bearer t0ken" };
    await Promise.all([who(good, authenticator), who(good, authenticator), who(good, authenticator)]);
    await who(good, authenticator);
    expect(asked).to.have.length(1);
    await new Promise((over) => setTimeout(over, 150));
    await who(good, authenticator);
    expect(asked).to.have.length(2);
    await who({ authorization: "Bearer bad" }, authenticator);
    await who({ authorization: "Bearer bad" }, authenticator);
    expect(asked).to.have.length(4);
  });

  it("does not follow a redirect, which would send the caller's password to its target", async () => {
    act = (_request, response) => void response.writeHead(302, { Location: `${url}/elsewhere` }).end();
    expect(await who({ authorization: basic("admin", "admin") })).to.equal(undefined);
    expect(asked).to.have.length(2);
  });

  const broken: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
    "answers with an error": (_request, response) => void response.writeHead(500).end("secret"),
    "has no such page": (_request, response) => void response.writeHead(404).end(),
    "answers with something else": (_request, response) => void response.end("<html>"),
    "answers with another JSON": (_request, response) => void response.end('{"userID":1}'),
    "answers with null": (_request, response) => void response.end("null"),
    "answers without end": (_request, response) => {
      const more = () => response.destroyed || response.write("x".repeat(100_000), more);
      more();
    },
    "gives no answer in time": () => {},
    "hangs up": (request) => void request.socket.destroy(),
  };
  for (const [what, acts] of Object.entries(broken)) {
    it(`is UNAVAILABLE if the server ${what}`, async () => {
      act = acts;
      const authenticator = new ServerAuthenticator({ url, timeoutMs: 300 });
      const asking = who({ authorization: basic("admin", "admin") }, authenticator);
      const error = await asking.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(AssetmillError).with.property("code", "UNAVAILABLE");
      expect((error as Error).message).to.not.include("secret");
    });
  }

  it("being out of reach is told as such, and is one error until it answers again, however many ask", async () => {
    const errors: unknown[] = [];
    const authenticator = new ServerAuthenticator({ url, cacheMs: 1 });
    const { ask } = client({ authenticator, onError: (error) => errors.push(error), statusCodes: "semantic" });
    const one = (name: string) => ask(`${BASE}/history`, { headers: { authorization: basic(name, "admin") } });
    for (const times of [1, 2]) {
      act = (request) => void request.socket.destroy();
      for (let i = 0; i < 5; i++) {
        const { status, body } = await one(`name${i}`);
        expect([status, body.code]).to.deep.equal([503, "UNAVAILABLE"]);
        expect(body.detail)
          .to.match(/server that says who callers are/)
          .and.not.match(/store|127/);
      }
      expect(errors.map(messageOf)).to.have.length(times);
      act = sling;
      expect((await one("admin")).status).to.equal(200);
    }
  });

  it("rejects an invalid address, or one that contains credentials", () => {
    for (const bad of ["", "localhost:4502", "ftp://x", "http://admin:admin@localhost:4502"]) {
      expect(() => new ServerAuthenticator({ url: bad }), bad)
        .to.throw(AssetmillError)
        .with.nested.property("ids.field", "url");
    }
  });
});
