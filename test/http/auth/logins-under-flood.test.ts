import { expect } from "chai";
import { scryptSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { SignJWT } from "jose";
import type { Authenticator } from "../../../src/core/ports/authenticator.js";
import { BasicAuthenticator } from "../../../src/http/auth/basic-authenticator.js";
import { JwtAuthenticator } from "../../../src/http/auth/jwt-authenticator.js";
import { ServerAuthenticator } from "../../../src/http/auth/server-authenticator.js";
import { TokenAuthenticator } from "../../../src/http/auth/token-authenticator.js";
import { listen, type Listening } from "../../../src/http/listen.js";
import type { HttpOptions } from "../../../src/http/options.js";
import { createApp } from "../../../src/http/routes.js";
import { BASE } from "../client.js";
import { FakeOperator } from "../fake-operator.js";
import { basic } from "./credentials.js";

/** Takes about 50 ms to check. */
const COST = 2 ** 14;
const SECRET = "a secret of thirty-two bytes, or more";

const line = (name: string, password: string): string => {
  const salt = Buffer.from(`salt of ${name}`.padEnd(16, "."));
  const hash = scryptSync(password, salt, 32, { N: COST, r: 8, p: 1, maxmem: 2 ** 26 });
  return `${name}:scrypt$${COST}$8$1$${salt.toString("base64")}$${hash.toString("base64")}`;
};

const USERS = [line("anna", "geheim"), line("bert", "anders")];

describe("a flood of guesses", () => {
  const servers: Listening[] = [];
  const floods: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(floods.splice(0).map((end) => end()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  /** A server; `ask` returns the status for a caller with this Authorization. Calls come through a proxy. */
  async function serve(authenticator: Authenticator, options: Partial<HttpOptions> = {}) {
    const app = createApp(new FakeOperator(), { authenticator, trustProxy: 1, ...options });
    const server = await listen((request, env) => app.fetch(request, env), {
      host: "127.0.0.1",
      port: 0,
      closeTimeoutMs: 200,
    });
    servers.push(server);
    return async (authorization: string, address = "10.0.0.1"): Promise<number> => {
      const headers = { authorization, "x-forwarded-for": address };
      const response = await fetch(`${server.url}${BASE}/history`, { headers, signal: AbortSignal.timeout(60_000) });
      await response.arrayBuffer();
      return response.status;
    };
  }

  /** 45 clients that guess in a loop, until the test ends. Resolves once some have been refused. */
  async function guess(
    ask: (authorization: string, address?: string) => Promise<number>,
    credential: (client: number, n: number) => string,
    addressOf: (client: number) => string = () => "10.0.0.1",
  ): Promise<void> {
    let over = false;
    let refused = 0;
    const clients = Array.from({ length: 45 }, async (_, client) => {
      for (let n = 0; !over; n++) {
        if ((await ask(credential(client, n), addressOf(client)).catch(() => 0)) !== 200) refused++;
        await sleep(20);
      }
    });
    floods.push(async () => {
      over = true;
      await Promise.race([Promise.all(clients), sleep(500)]);
    });
    while (refused < 3) await sleep(5);
  }

  const passwords = (client: number, n: number): string =>
    basic(n % 2 === 0 ? "anna" : `name${client}-${n}`, `guess ${client} ${n}`);

  /** The statuses of a user who calls that often, one call after the other. */
  const calls = async (ask: () => Promise<number>, times: number): Promise<number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) statuses.push(await ask());
    return statuses;
  };

  /** The statuses of a user who calls every 50 ms, answered or not, until there are answers; at least ten times. */
  const polls = async (ask: () => Promise<number>): Promise<number[]> => {
    let answered = false;
    const statuses: Promise<number>[] = [];
    while (!answered || statuses.length < 10) {
      const status = ask();
      void status.finally(() => (answered = true));
      statuses.push(status);
      await sleep(50);
    }
    return Promise.all(statuses);
  };

  const allGood = (times: number): number[] => Array.from({ length: times }, () => 200);

  it("does not keep a user with the right password out, whose name is guessed from the same address", async () => {
    const ask = await serve(BasicAuthenticator.ofUsers(USERS));
    await guess(ask, passwords);
    expect(new Set(await polls(() => ask(basic("anna", "geheim"))))).to.deep.equal(new Set([200]));
  });

  it("does not keep a user with the right password out, whose name is guessed from everywhere else", async () => {
    const ask = await serve(BasicAuthenticator.ofUsers(USERS));
    await guess(
      ask,
      (client, n) => basic("anna", `guess ${client} ${n}`),
      (client) => `10.0.1.${client}`,
    );
    expect(await calls(() => ask(basic("anna", "geheim"), "10.0.0.2"), 10)).to.deep.equal(allGood(10));
    expect(await ask(basic("bert", "anders"), "10.0.0.3")).to.equal(200);
  });

  it("does not keep a user out whose password was right lately, each time that the cache has forgotten it", async () => {
    const ask = await serve(BasicAuthenticator.ofUsers(USERS, { cacheMs: 1, maxWaiting: 8 }));
    expect(await ask(basic("anna", "geheim"))).to.equal(200);
    await guess(ask, passwords);
    expect(await calls(() => sleep(5).then(() => ask(basic("anna", "geheim"))), 5)).to.deep.equal(allGood(5));
  });

  it("does not keep a user out whose password was right lately where failed logins are limited", async () => {
    const loginLimit = { windowMs: 60_000, limit: 3 };
    const ask = await serve(BasicAuthenticator.ofUsers(USERS, { cacheMs: 1 }), { loginLimit });
    expect(await ask(basic("anna", "geheim"))).to.equal(200);
    for (let i = 0; i < 3; i++) expect(await ask(basic("anna", `guess ${i}`))).to.equal(401);
    expect(await ask(basic("anna", "guess")), "a guess").to.equal(429);
    expect(await ask(basic("bert", "anders")), "a stranger").to.equal(429);
    expect(await ask(basic("bert", "anders"), "10.0.0.2"), "a stranger elsewhere").to.equal(200);
    expect(await ask(basic("bert", "anders")), "no stranger any more").to.equal(200);
    expect(await calls(() => sleep(5).then(() => ask(basic("anna", "geheim"))), 3)).to.deep.equal(allGood(3));
  });

  it("does not count against a known caller: requests are limited by principal", async () => {
    const ask = await serve(new TokenAuthenticator("secret"), { rateLimit: { windowMs: 60_000, limit: 5 } });
    for (let i = 0; i < 5; i++) expect(await ask(`Bearer guess${i}`)).to.equal(401);
    expect(await ask("Bearer guess")).to.equal(429);
    expect(await calls(() => ask("Bearer secret"), 6)).to.deep.equal([...allGood(5), 429]);
  });

  const token = () =>
    new SignJWT({ iss: "me", aud: "mill", sub: "anna", exp: Math.floor(Date.now() / 1000) + 60 })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SECRET));

  for (const [what, authenticator, good] of [
    ["the shared token", () => new TokenAuthenticator("secret"), async () => "Bearer secret"],
    ["the shared token as a password", () => new TokenAuthenticator("secret"), async () => basic("anna", "secret")],
    [
      "a JWT",
      () => new JwtAuthenticator({ issuer: "me", audience: "mill", secret: SECRET }),
      async () => `Bearer ${await token()}`,
    ],
  ] as const) {
    it(`does not keep a new caller with ${what} out where failed logins are limited`, async () => {
      const ask = await serve(authenticator(), { loginLimit: { windowMs: 60_000, limit: 3 } });
      for (let i = 0; i < 3; i++) expect(await ask(`Bearer guess${i}`)).to.equal(401);
      expect(await ask("Bearer guess")).to.equal(429);
      expect(await ask(await good())).to.equal(200);
    });
  }

  describe("where a server is asked who the caller is", () => {
    let server: Server;
    let url: string;
    let atOnce = 0;
    let mostAtOnce = 0;

    before(async () => {
      server = createServer((request, response) => {
        const known = request.headers.authorization === basic("anna", "geheim");
        if (!known) mostAtOnce = Math.max(mostAtOnce, ++atOnce);
        setTimeout(() => {
          if (!known) atOnce--;
          response.writeHead(known ? 200 : 401).end('{"userID":"anna"}');
        }, 50);
      });
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    after(() => {
      server.closeAllConnections();
      server.close();
    });

    it("keeps no user with the right password out, and asks for four strangers at once at most", async () => {
      const ask = await serve(new ServerAuthenticator({ url, cacheMs: 1 }));
      await guess(ask, passwords);
      expect(new Set(await polls(() => ask(basic("anna", "geheim"))))).to.deep.equal(new Set([200]));
      expect(await calls(() => sleep(5).then(() => ask(basic("anna", "geheim"))), 5)).to.deep.equal(allGood(5));
      expect(mostAtOnce).to.be.within(1, 4);
    });
  });
});
