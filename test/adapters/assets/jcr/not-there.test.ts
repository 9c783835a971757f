import { expect } from "chai";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { JcrAssetRepository, type JcrOptions } from "../../../../src/adapters/assets/jcr/index.js";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { rejection } from "../../../support/deferred.js";
import { itMeasures } from "../../../support/timed.js";

const NODE = '{"jcr:primaryType":"rep:root"}';
const LOGIN = '<html><form action="/j_security_check"><input type="password" name="j_password"></form></html>';

/** A double that turns into a login, into nothing, or is not up yet: what a real server cannot be made to be on demand. */
describe("a JCR server that is unavailable or does not know the user", () => {
  let server: Server;
  let url: string;
  let asked: string[];
  let act: (request: IncomingMessage, response: ServerResponse) => void;
  let opened: JcrAssetRepository[];

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      request.resume();
      request.on("end", () => act(request, response));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked = [];
    opened = [];
  });
  afterEach(async () => {
    for (const repository of opened) await repository.close();
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const open = (over: Partial<JcrOptions> = {}): JcrAssetRepository => {
    const repository = new JcrAssetRepository({ url, user: "me", password: "s3cret", tries: 1, ...over });
    opened.push(repository);
    return repository;
  };
  const json = (response: ServerResponse, body: string): void =>
    void response.writeHead(200, { "content-type": "application/json" }).end(body);
  const html = (response: ServerResponse, status: number, body: string): void =>
    void response.writeHead(status, { "content-type": "text/html;charset=utf-8" }).end(body);
  const isRoot = ({ method, url: path = "" }: IncomingMessage): boolean =>
    method === "GET" && path.endsWith("/.0.json");

  const LOGINS: Readonly<Record<string, (response: ServerResponse) => void>> = {
    "by a redirect to its login": (response) =>
      void response.writeHead(302, { location: "/system/sling/login?resource=%2F" }).end(),
    "by its login page, as if that were the answer": (response) => html(response, 200, LOGIN),
  };
  for (const [how, answer] of Object.entries(LOGINS)) {
    it(`is rejected in words at the start, and not followed, if it answers ${how}`, async () => {
      act = (_request, response) => answer(response);
      for (const [over, why] of [
        [{}, /rejected this user.*check the credentials/],
        [{ user: undefined, password: undefined }, /rejected this user.*give credentials/],
      ] as const) {
        const error = await rejection(open(over).meet());
        expect(error).to.include({ code: "INVALID_PARAMETER" });
        const { fields } = error as { fields: readonly { field: string; message: string }[] };
        expect(fields[0]?.field).to.equal("assets");
        expect(fields[0]?.message).to.match(why).and.not.include("s3cret");
      }
      expect(asked.filter((path) => path.includes("login"))).to.deep.equal([]);
      expect(asked).to.have.length(2);
    });

    it(`is UNAVAILABLE during a job if it answers ${how}: nothing counts as content, as written, or as gone`, async () => {
      for (const dialect of ["davex", "sling"] as const) {
        act = (request, response) => (isRoot(request) ? json(response, NODE) : answer(response));
        const repository = open({ dialect });
        await expectUnavailable(repository, /rejected this user/);
      }
    });
  }

  it("is waited for if it answers 404 to everything for a moment, then 503, like a Sling that starts", async () => {
    let answers = 0;
    act = (request, response) => {
      if (++answers < 20) return html(response, 404, "<html>Not Found</html>");
      return isRoot(request) ? json(response, NODE) : html(response, 404, "");
    };
    await open().meet();
    const repository = open();
    answers = 0;
    expect(await repository.stat(["/x"]).catch((error: { code: string }) => error.code)).to.equal("UNAVAILABLE");
    answers = 0;
    act = (_request, response) => (++answers < 9 ? html(response, 404, "") : html(response, 503, ""));
    // Out of reach is no refusal: the job waits.
    await open().meet();
  });

  const meetNothing = async (): Promise<{ readonly goneMs: number; readonly pageMs: number }> => {
    act = (_request, response) => html(response, 404, "<html>Not Found</html>");
    let began = performance.now();
    expect(await rejection(open().meet())).to.include({ code: "INVALID_PARAMETER" });
    const goneMs = performance.now() - began;
    expect(goneMs, "ms that a server gets to start").to.be.at.least(2_900);
    act = (request, response) => html(response, request.url === "/" ? 200 : 404, "<html>hello</html>");
    began = performance.now();
    expect(await rejection(open().meet())).to.include({ code: "INVALID_PARAMETER" });
    return { goneMs, pageMs: performance.now() - began };
  };
  itMeasures(
    "is rejected if it answers 404 to everything for longer than a start may take",
    meetNothing,
    "is rejected within seconds if it always answers 404, and at once if it serves some other page",
    ({ goneMs, pageMs }) => {
      expect(goneMs).to.be.below(8_000);
      expect(pageMs).to.be.below(2_000);
    },
  );

  for (const [what, status] of [
    ["404 to everything", 404],
    ["a page for people to everything", 200],
    ["400 to everything, as a proxy may", 400],
    ["403 to everything", 403],
    ["413 to everything", 413],
  ] as const) {
    it(`is UNAVAILABLE during a job if it answers ${what}: no asset is gone, failed or written because of it`, async () => {
      for (const dialect of ["davex", "sling"] as const) {
        let up = true;
        act = (request, response) =>
          up && isRoot(request) ? json(response, NODE) : html(response, status, "<html>hello</html>");
        const repository = open({ dialect });
        await repository.meet();
        up = false;
        await expectUnavailable(repository, /./);
      }
    });
  }

  const CONTENT = {
    "jcr:primaryType": "nt:resource",
    "jcr:lastModified": "2026-01-07T10:11:12.000Z",
    ":jcr:data": 1,
  };
  const FILE = { "jcr:primaryType": "nt:file", "jcr:created": "2026-01-07T10:11:12.000Z" };
  const hash = createHash("sha256").update("/a").digest("hex");
  const STATUS = { [`/var/assetmill/${hash.slice(0, 3)}/${hash.slice(0, 40)}`]: { "jcr:primaryType": "x" } };
  const isMultiRead = ({ method, url: path = "" }: IncomingMessage): boolean =>
    method === "POST" && path.endsWith(".json");
  const WRITE = {
    path: "/a",
    properties: { a: 1 },
    references: {},
    stamp: { sizeBytes: 1, modifiedMs: Date.parse("2026-01-07T10:11:12Z"), contentHash: null, handlers: { h: "1" } },
    jobId: "j",
  };

  for (const status of [400, 403, 404]) {
    it(`does not fail the asset if it disappears between the check before a write and the write (${status})`, async () => {
      let up = true;
      act = (request, response) => {
        if (up && isRoot(request)) return json(response, NODE);
        if (up && isMultiRead(request)) {
          return json(response, JSON.stringify({ nodes: { "/a": FILE, "/a/jcr:content": CONTENT, ...STATUS } }));
        }
        if (request.method === "POST") up = false;
        return html(response, request.method === "PROPFIND" ? 405 : status, "");
      };
      expect(await rejection(open({ dialect: "davex" }).apply([WRITE]))).to.include({ code: "UNAVAILABLE" });
      expect(up, "a write was tried").to.equal(false);
    });
  }

  it("has results written even if a proxy forbids PROPFIND", async () => {
    let written = 0;
    act = (request, response) => {
      if (isRoot(request)) return json(response, NODE);
      if (isMultiRead(request)) {
        return json(response, JSON.stringify({ nodes: { "/a": FILE, "/a/jcr:content": CONTENT, ...STATUS } }));
      }
      if (request.method !== "POST") return html(response, 405, "");
      written++;
      return void response.writeHead(200).end();
    };
    expect(await open({ dialect: "davex" }).apply([WRITE])).to.deep.equal([]);
    expect(written).to.be.greaterThan(0);
  });

  it("is asked in parts if a proxy accepts no large bodies", async () => {
    const sizes: number[] = [];
    act = (request, response) => {
      if (isRoot(request)) return json(response, NODE);
      const size = Number(request.headers["content-length"]);
      sizes.push(size);
      if (size > 20_000) return html(response, 413, "too large");
      return json(response, JSON.stringify({ nodes: {} }));
    };
    const paths = Array.from({ length: 400 }, (_, i) => `/content/dam/a-folder/an-asset-${i}.dita`);
    const results = await open({ dialect: "davex" }).results(paths);
    expect(results).to.deep.equal(paths.map(() => undefined));
    expect(Math.max(...sizes), "it was too large first").to.be.greaterThan(20_000);
  });

  async function expectUnavailable(repository: JcrAssetRepository, why: RegExp): Promise<void> {
    const stamp = { sizeBytes: 1, modifiedMs: 1, contentHash: null, handlers: { h: "1" } };
    const write = { path: "/x/a.json", properties: { a: 1 }, references: {}, stamp, jobId: "j" };
    const scope = scopeOf(["/x.y"], [], { fileTypes: [] });
    const deeds: Readonly<Record<string, () => Promise<unknown>>> = {
      stat: () => repository.stat(["/x/a.json"]),
      results: () => repository.results(["/x/a.json"]),
      read: () => readAll(repository.read("/x/a.json")),
      scan: () => readAll(repository.scan(scope, { pageSize: 10 })),
      apply: () => repository.apply([write]),
    };
    for (const [deed, run] of Object.entries(deeds)) {
      const error = await rejection(run());
      expect(error, deed).to.include({ code: "UNAVAILABLE" });
      expect(String(error), deed).to.match(why);
    }
  }

  async function readAll(pieces: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of pieces);
  }
});
