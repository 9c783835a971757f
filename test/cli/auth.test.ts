import { expect } from "chai";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { Server } from "../system/server.js";
import { linesOf, SAMPLE, until, Workbench } from "./workbench.js";

const SECRET = "a secret of thirty-two bytes, or more";
const basic = (name: string, password: string) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` });

describe("serve --auth", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const statusOf = async (server: Server, headers: Record<string, string>): Promise<number> =>
    (await server.ask("/openapi.json", { headers })).status;

  it("accepts with basic:FILE what hash-password made of a password, on any address, and prints no token", async () => {
    const made = await bench.shell(`printf 'geheim\\n' | "$node" "$assetmill" hash-password anna`);
    expect([made.code, made.err]).to.deep.equal([0, ""]);
    expect(linesOf(made)).to.have.length(1);
    const file = bench.write(bench.path("users"), made.out);
    const server = await Server.start(bench, SAMPLE, "--auth", `basic:${file}`, "--host", "0.0.0.0");
    expect(server.token).to.equal(null);
    const url = server.url.replace("0.0.0.0", "127.0.0.1");
    const ask = (headers: Record<string, string>) =>
      fetch(`${url}/bin/guides/v1/assets/process/openapi.json`, { headers });
    expect((await ask(basic("anna", "geheim"))).status).to.equal(200);
    expect((await ask(basic("anna", "Geheim"))).status).to.equal(401);
    expect((await ask({})).headers.get("www-authenticate")).to.match(/^Basic /);
    expect(server.command.err).to.match(/TLS/);
  });

  it("answers 500 while the file of basic:FILE has a bad line, and says once on standard error which one", async () => {
    const made = await bench.shell(`printf 'geheim\\n' | "$node" "$assetmill" hash-password anna`);
    const file = bench.write("users", made.out);
    const server = await Server.start(bench, SAMPLE, "--auth", `basic:${file}`);
    expect(await statusOf(server, basic("anna", "geheim"))).to.equal(200);
    bench.write("users", `${made.out}bert:streng-geheim\n`);
    const ask = () => server.ask("/openapi.json", { headers: basic("anna", "geheim") });
    const answer = await until("the file to be read again", async () => {
      const each = await ask();
      return each.status === 200 ? undefined : each;
    });
    expect([answer.status, answer.body.code]).to.deep.equal([500, "INTERNAL"]);
    expect(answer.body.detail)
      .to.match(/list of users/)
      .and.not.match(/store|repository|line/);
    for (let i = 0; i < 5; i++) await ask();
    const lines = linesOf({ out: server.command.err }).filter((line) => line.includes("list of users"));
    expect(lines).to.have.length(1);
    expect(server.command.err, "no stack").to.not.match(/\n +at /);
    expect(lines[0]).to.include(file).and.to.include("line 2").and.not.include("streng-geheim");
    bench.write("users", made.out);
    expect(await statusOf(server, basic("anna", "geheim"))).to.equal(200);
  });

  it("accepts with jwt:FILE tokens signed with the secret whose file it names", async () => {
    bench.write(bench.path("secret"), `${SECRET}\n`);
    const options = { secretFile: "secret", issuer: "me", audience: "assetmill" };
    const file = bench.write(bench.path("jwt.json"), JSON.stringify(options));
    const server = await Server.start(bench, SAMPLE, "--auth", `jwt:${file}`);
    const token = (audience: string) =>
      new SignJWT({ iss: "me", aud: audience, sub: "anna", exp: Math.floor(Date.now() / 1000) + 60 })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(SECRET));
    expect(await statusOf(server, { authorization: `Bearer ${await token("assetmill")}` })).to.equal(200);
    expect(await statusOf(server, { authorization: `Bearer ${await token("other")}` })).to.equal(401);
  });

  it("asks the server with server:URL who the caller is", async () => {
    const sling: HttpServer = createServer((request, response) => {
      const known = request.headers.authorization === basic("admin", "admin").authorization;
      response.writeHead(known ? 200 : 401).end('{"userID":"admin"}');
    });
    await new Promise<void>((listening) => sling.listen(0, "127.0.0.1", listening));
    try {
      const url = `http://127.0.0.1:${(sling.address() as AddressInfo).port}`;
      const server = await Server.start(bench, SAMPLE, "--auth", `server:${url}`);
      expect(await statusOf(server, basic("admin", "admin"))).to.equal(200);
      expect(await statusOf(server, basic("admin", "wrong"))).to.equal(401);
    } finally {
      sling.closeAllConnections();
      sling.close();
    }
  });

  const jwt = (options: object) => () => `jwt:${bench.write(bench.path("jwt.json"), JSON.stringify(options))}`;
  const refused: [what: string, spec: () => string, says: RegExp][] = [
    ["another word", () => "magic", /unknown value "magic"/],
    ["a kind without its file", () => "basic:", /unknown value "basic:"/],
    ["a file that is not there", () => "basic:/nowhere", /nowhere/],
    [
      "a file with a plain password",
      () => `basic:${bench.write(bench.path("users"), "anna:geheim")}`,
      /users: line 1 /,
    ],
    ["a file without users", () => `basic:${bench.write(bench.path("users"), "# none")}`, /users: contains no users/],
    ["a server that is no URL", () => "server:localhost", /URL/],
    ["a server with credentials", () => "server:http://anna:geheim@localhost", /credentials/],
    ["a JWT file without keys", jwt({ issuer: "i", audience: "a" }), /secretFile or jwks/],
    ["a JWT file with the secret itself", jwt({ secret: "geheim" }), /unknown field "secret"/],
    ["a JWT file without audience", jwt({ jwks: "https://x.example/", issuer: "i" }), /audience/],
    ["a JWT file that is no JSON", () => `jwt:${bench.write(bench.path("x"), "geheim")}`, /one JSON object/],
  ];
  for (const [what, spec, says] of refused) {
    it(`refuses ${what}, naming auth`, async () => {
      const ended = await bench.call(["serve", "--assets", SAMPLE, "--auth", spec(), "--port", "0", "--json"]);
      expect(ended.code).to.equal(2);
      const problem = JSON.parse(ended.out);
      expect(problem).to.have.nested.property("errors[0].field", "auth");
      expect(problem.detail).to.match(says);
      expect(ended.out).to.not.include("geheim");
    });
  }

  for (const name of ["", "a:b", "#a", " a", "a\nb"]) {
    it(`hash-password refuses the name ${JSON.stringify(name)}`, async () => {
      const ended = await bench.call(["hash-password", name]);
      expect([ended.code, ended.out]).to.deep.equal([2, ""]);
      expect(ended.err).to.match(/name/);
    });
  }

  for (const [what, text, says] of [
    ["with NUL", "geheim\\0", /control characters/],
    ["with a tab", "ge\\theim", /control characters/],
    ["that is not UTF-8", "geh\\344m", /UTF-8/],
    ["of 1,025 characters", "%01025d", /at most 1024/],
  ] as const) {
    it(`hash-password refuses a password ${what}`, async () => {
      const ended = await bench.shell(`printf '${text}\\n' | "$node" "$assetmill" hash-password anna`);
      expect([ended.code, ended.out]).to.deep.equal([2, ""]);
      expect(ended.err)
        .to.match(/password/)
        .and.match(says)
        .and.not.match(/geh/);
    });
  }

  it("hash-password refuses an empty password", async () => {
    const ended = await bench.shell(`"$node" "$assetmill" hash-password anna < /dev/null`);
    expect([ended.code, ended.out]).to.deep.equal([2, ""]);
  });
});
