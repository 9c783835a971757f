import { expect } from "chai";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { JcrAssetRepository, type JcrOptions } from "../../../../src/adapters/assets/jcr/index.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { rejection } from "../../../support/deferred.js";
import { itMeasures } from "../../../support/timed.js";

type Act = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const NODE = '{":jcr:primaryType":"Name","jcr:primaryType":"rep:root"}';

/**
 * A double, for what no real server can be made to do on demand: answers that break off, pauses that are asked for, tokens
 * that are wanted. It speaks DavEx as far as these tests go; real servers are in test/jcr.
 */
describe("a JCR client", () => {
  let server: Server;
  let url: string;
  let asked: { method: string; path: string; headers: IncomingMessage["headers"]; atMs: number }[];
  let act: Act;
  let opened: JcrAssetRepository[];

  before(async () => {
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        asked.push({ method, path, headers, atMs: performance.now() });
        if (method === "GET" && path.endsWith("/.0.json")) return void json(response, NODE);
        act(request, response, Buffer.concat(pieces).toString("utf8"));
      });
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

  const json = (response: ServerResponse, body: string): void => {
    response.setHeader("content-type", "application/json;charset=utf-8");
    response.end(body);
  };
  const open = (over: Partial<JcrOptions> = {}): JcrAssetRepository => {
    const repository = new JcrAssetRepository({ url, user: "me", password: "s3cret", timeoutMs: 2_000, ...over });
    opened.push(repository);
    return repository;
  };
  const posts = () => asked.filter(({ method }) => method === "POST");
  const nothing = (response: ServerResponse): void => json(response, '{"nodes":{}}');

  it("pauses all requests if its server requests that, and then tries again", async () => {
    let refusals = 0;
    act = (_request, response) => {
      if (refusals++ > 0) return nothing(response);
      response.writeHead(429, { "retry-after": "1" }).end();
    };
    expect(await open().results(["/a"])).to.deep.equal([undefined]);
    const [first, second] = posts();
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).to.be.above(950);
  });

  it("is UNAVAILABLE after a few attempts if its server always answers 503, without a password in the error", async () => {
    act = (_request, response) => void response.writeHead(503).end();
    const error = await rejection(open({ tries: 2 }).results(["/a"]));
    expect(AssetmillError.is(error) && error.code).to.equal("UNAVAILABLE");
    expect(`${String(error)} ${JSON.stringify(error)}`).not.to.match(/s3cret|bWU6/);
    expect(posts()).to.have.length(2);
  });

  it("tries again if its server breaks off in the middle of a JSON under 200", async () => {
    let answers = 0;
    act = (_request, response) => {
      const whole = '{"nodes":{"/a/jcr:content":{"assetmillStamp":["job=j","at=5","size=1","modified=2"]}}}';
      json(response, answers++ === 0 ? whole.slice(0, 40) : whole);
    };
    const [result] = await open().results(["/a"]);
    expect(result?.jobId).to.equal("j");
    expect(posts()).to.have.length(2);
  });

  it("is UNAVAILABLE if its server closes the connection", async () => {
    act = (request) => void request.socket.destroy();
    expect(await rejection(open({ tries: 2 }).results(["/a"]))).to.include({ code: "UNAVAILABLE" });
  });

  it("is UNAVAILABLE if its server does not answer in time", async () => {
    act = () => {};
    const repository = open({ tries: 1, timeoutMs: 300 });
    expect(await rejection(repository.results(["/a"]))).to.include({ code: "UNAVAILABLE" });
  });

  it("is UNAVAILABLE at once if its server lets nobody in: no asset is to blame", async () => {
    act = (_request, response) => void response.writeHead(401).end();
    expect(await rejection(open().results(["/a"]))).to.include({ code: "UNAVAILABLE" });
    expect(posts()).to.have.length(1);
  });

  it("sends a CSRF token with each form once its server, like AEM, requires one", async () => {
    act = (request, response) => {
      if (request.url === "/libs/granite/csrf/token.json") return json(response, '{"token":"t0k"}');
      if (request.headers["csrf-token"] === "t0k") return nothing(response);
      response.writeHead(403).end("<html>Forbidden</html>");
    };
    const repository = open();
    await repository.results(["/a"]);
    await repository.results(["/a"]);
    expect(posts().map(({ headers }) => headers["csrf-token"])).to.deep.equal([undefined, "t0k", "t0k"]);
  });

  it("sends credentials from the first request on, a Referer of the server's origin, and no browser's name", async () => {
    act = (_request, response) => nothing(response);
    await open().results(["/a"]);
    for (const { headers } of asked) {
      expect(headers.authorization).to.equal(`Basic ${Buffer.from("me:s3cret").toString("base64")}`);
      expect(headers.referer).to.equal(`${url}/`);
      expect(headers["user-agent"]).not.to.match(/mozilla/i);
    }
  });

  it("fails a read as UNAVAILABLE if a binary is shorter than its server announced", async () => {
    act = (_request, response) => {
      response.writeHead(200, { "content-length": "1000", "content-type": "jcr-value/binary" });
      response.write("half");
      response.destroy();
    };
    const reading = (async () => {
      for await (const _ of open().read("/a"));
    })();
    expect(await rejection(reading)).to.include({ code: "UNAVAILABLE" });
  });

  const stopScan = async (): Promise<number> => {
    act = () => {};
    const stop = new AbortController();
    const began = performance.now();
    setTimeout(() => stop.abort(new Error("enough")), 200);
    const scan = open({ timeoutMs: 30_000 }).scan(scopeOf(["/a"], [], { fileTypes: [] }), {
      pageSize: 10,
      signal: stop.signal,
    });
    for await (const _ of scan);
    return performance.now() - began;
  };
  itMeasures(
    "ends a scan that is told to stop while its server hangs",
    stopScan,
    "ends a scan within a second of being told to stop while its server hangs",
    (tookMs) => expect(tookMs).to.be.below(1_200),
  );

  it("limits the number of simultaneous requests", async () => {
    let open_ = 0;
    let most = 0;
    act = (_request, response) => {
      most = Math.max(most, ++open_);
      setTimeout(() => {
        open_--;
        nothing(response);
      }, 20);
    };
    const repository = open({ connections: 3 });
    await Promise.all(Array.from({ length: 20 }, (_, i) => repository.results([`/${i}`])));
    expect(most).to.equal(3);
  });
});

describe("the address of a JCR server", () => {
  it("is its identity, without credentials and query parameters", () => {
    const options = { url: "http://h:8080/ctx/", user: "a", password: "b", dialect: "sling", root: "/x" } as const;
    expect(new JcrAssetRepository(options).identity).to.equal("jcr+http://h:8080/ctx");
  });

  it("is rejected if it is invalid, without showing a password", () => {
    for (const url of ["ftp://h", "nothing", "http://a:s3cret@h"]) {
      const error = (() => {
        try {
          return new JcrAssetRepository({ url });
        } catch (caught) {
          return caught;
        }
      })();
      expect(error, url).to.include({ code: "INVALID_PARAMETER" });
      expect(String(error)).not.to.match(/s3cret/);
    }
  });
});
