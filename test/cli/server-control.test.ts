import { expect } from "chai";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { apiUrlOf, authorizationOf } from "../../src/cli/server-address.js";
import { ServerControl } from "../../src/cli/server-control.js";
import { AssetmillError } from "../../src/core/errors.js";
import { itMeasures } from "../support/timed.js";

const SECRET = "s3cret-token";
const JOB = "165f1de6-68c4-4dcd-9223-2b7242b62306";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** What a promise was refused with; fails where it was not. */
async function refusal(work: Promise<unknown>): Promise<AssetmillError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(AssetmillError.is(error), String(error)).to.equal(true);
  expect(JSON.stringify([(error as Error).message, (error as AssetmillError).fields])).not.to.include(SECRET);
  return error as AssetmillError;
}

describe("a server's address and credentials", () => {
  it("get the usual base path for an origin, and keep a path that is given", () => {
    const usual = "http://127.0.0.1:4599/bin/guides/v1/assets/process";
    expect(apiUrlOf("http://127.0.0.1:4599")).to.equal(usual);
    expect(apiUrlOf("http://127.0.0.1:4599/")).to.equal(usual);
    expect(apiUrlOf(usual)).to.equal(usual);
    expect(apiUrlOf("https://mill.example/bulk/")).to.equal("https://mill.example/bulk");
    expect(apiUrlOf("http://[::1]:80")).to.equal("http://[::1]/bin/guides/v1/assets/process");
  });

  for (const server of [
    "localhost:4599",
    "127.0.0.1:4599",
    "ftp://mill.example",
    "",
    `http://anna:${SECRET}@mill.example`,
    `http://${SECRET}@mill.example`,
    `http://mill.example/?token=${SECRET}`,
    `http://mill.example/#${SECRET}`,
  ]) {
    it(`cannot be ${server || "empty"}, and no secret in it is revealed`, async () => {
      const { code, ids, message } = await refusal(Promise.resolve().then(() => apiUrlOf(server)));
      expect([code, ids.field]).to.deep.equal(["INVALID_PARAMETER", "server"]);
      expect(message).not.to.include(SECRET);
    });
  }

  it("are Bearer for a token, and Basic in UTF-8 for name:password, whatever the password contains", () => {
    expect(authorizationOf("abc-._~+/012==")).to.equal("Bearer abc-._~+/012==");
    const basic = authorizationOf("änna:pass:wörd");
    expect(basic).to.match(/^Basic /);
    expect(Buffer.from(basic.slice(6), "base64").toString("utf8")).to.equal("änna:pass:wörd");
  });

  for (const token of [`${SECRET}\n`, `${SECRET}\r\nx-evil: 1`, `${SECRET} x`, "", `anna:${SECRET}\n`]) {
    it(`cannot be ${JSON.stringify(token)} as a token, which is not revealed`, async () => {
      const { code, ids } = await refusal(Promise.resolve().then(() => authorizationOf(token)));
      expect([code, ids.field]).to.deep.equal(["INVALID_PARAMETER", "token"]);
    });
  }
});

describe("control over a server's jobs", () => {
  let seen: Seen[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let url: string;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const { method, url: target, headers } = request;
      seen.push({ method, url: target, authorization: headers.authorization, body });
      answer(request, response);
    });
  });

  before(async () => {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  });
  beforeEach(() => {
    seen = [];
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const control = (timeoutMs = 5_000) => new ServerControl({ url, authorization: `Bearer ${SECRET}`, timeoutMs });
  const reply = (status: number, body: unknown, type = "application/json"): void => {
    answer = (_request, response) => {
      response.writeHead(status, { "content-type": type });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
  };
  const problem = (status: number, body: object): void =>
    reply(status, { type: "urn:x", title: "t", status, detail: "why", ...body }, "application/problem+json");

  it("sends encoded queries and bodies with the credentials", async () => {
    reply(200, { lines: ["a", "b"], limit: 2, offset: 7, hasMore: true, later: "field" });
    const page = await control().logs("a b&c=1/ü", { offset: 7, limit: 2 });
    expect(page).to.deep.equal({ lines: ["a", "b"], limit: 2, offset: 7, hasMore: true, later: "field" });
    const [{ url: target = "", ...request }] = seen as [Seen];
    expect(request).to.deep.equal({ method: "GET", authorization: `Bearer ${SECRET}`, body: "" });
    expect(target.split("?")[0]).to.equal("/api/logs");
    expect([...new URL(target, url).searchParams]).to.deep.equal([
      ["processingId", "a b&c=1/ü"],
      ["offset", "7"],
      ["limit", "2"],
    ]);

    reply(200, { processingId: JOB, status: "WAITING", restartedFrom: "a b" });
    expect(await control().restart("a b")).to.include({ processingId: JOB });
    expect(seen[1]).to.deep.include({ method: "POST", url: "/api/restart", body: '{"processingId":"a b"}' });
  });

  const OUTCOME = { path: "/a", outcome: "FAILED", code: "X", message: "m", handler: "h", attempts: 3, at: 17 };

  it("pages through outcomes by the server's cursor", async () => {
    reply(200, { outcomes: [OUTCOME], next: "12.345" });
    const first = await control().outcomes(JOB, { limit: 1 });
    expect(first).to.deep.equal({ outcomes: [OUTCOME], next: { chunk: 12, index: 345 } });
    reply(200, { failures: [OUTCOME], next: null });
    const last = await control().outcomes(JOB, { limit: 1, kinds: ["FAILED", "SKIPPED"], after: first.next });
    expect(last).to.deep.equal({ outcomes: [OUTCOME] });
    expect(seen.map(({ url: target }) => target)).to.deep.equal([
      `/api/outcomes?processingId=${JOB}&limit=1`,
      `/api/failures?processingId=${JOB}&limit=1&after=12.345`,
    ]);
  });

  it("does not request the same page for ever, nor one that makes no sense", async () => {
    for (const next of ["12.345", "12.344", "11.9999", "x", "-1.0", "12", "99999999999999999999.1"]) {
      reply(200, { outcomes: [OUTCOME], next });
      const { code } = await refusal(control().outcomes(JOB, { limit: 1, after: { chunk: 12, index: 345 } }));
      expect(code, next).to.equal("UNAVAILABLE");
    }
    reply(200, { outcomes: [OUTCOME], next: "13.0" });
    const { next } = await control().outcomes(JOB, { limit: 1, after: { chunk: 12, index: 345 } });
    expect(next).to.deep.equal({ chunk: 13, index: 0 });
  });

  it("turns a problem back into the error that the operator raised", async () => {
    problem(400, { code: "ILLEGAL_STATE", detail: "it is PAUSED", processingId: JOB, jobStatus: "PAUSED" });
    const { code, message, ids } = await refusal(control().pause(JOB));
    expect({ code, message, ids }).to.deep.equal({
      code: "ILLEGAL_STATE",
      message: "it is PAUSED",
      ids: { jobId: JOB, status: "PAUSED" },
    });
    problem(400, { code: "INVALID_PARAMETER", errors: [{ field: "limit", message: "must be less" }] });
    const { fields } = await refusal(control().history({ limit: 5_000 }));
    expect(fields).to.deep.equal([{ field: "limit", message: "must be less" }]);
  });

  it("says in its own words that a token is wrong or missing", async () => {
    problem(401, { code: "UNAUTHENTICATED" });
    const wrong = await refusal(control().status(JOB));
    expect([wrong.code, wrong.message]).to.deep.equal(["UNAUTHENTICATED", `${url} rejected this token`]);
    const missing = await refusal(new ServerControl({ url }).status(JOB));
    expect(missing.message).to.match(/--token.*ASSETMILL_TOKEN/);
    expect(seen.map(({ authorization }) => authorization)).to.deep.equal([`Bearer ${SECRET}`, undefined]);
  });

  const STRANGE: Readonly<Record<string, () => void>> = {
    "a page of HTML": () => reply(200, "<html>hello</html>", "text/html"),
    "JSON of another shape": () => reply(200, { lines: "all of them" }),
    "no object": () => reply(200, null),
    "broken JSON": () => reply(200, '{"lines": ['),
    "an error without a problem": () => reply(502, "Bad Gateway", "text/plain"),
    "a problem without a code": () => reply(500, { title: "no" }, "application/problem+json"),
    "an endpoint that is none": () => problem(404, { type: "about:blank", code: "INVALID_PARAMETER" }),
    "a redirect": () => {
      answer = (_request, response) => void response.writeHead(302, { location: "/api/elsewhere" }).end();
    },
    "a redirect that keeps the method": () => {
      answer = (_request, response) => void response.writeHead(307, { location: "/api/elsewhere" }).end();
    },
  };

  for (const [what, arrange] of Object.entries(STRANGE)) {
    it(`fails with UNAVAILABLE on ${what}, naming the server, and follows nothing`, async () => {
      arrange();
      for (const work of [() => control().logs(JOB), () => control().cancel(JOB)]) {
        const { code, message } = await refusal(work());
        expect(code).to.equal("UNAVAILABLE");
        expect(message).to.include(url);
      }
      expect(seen).to.have.length(2);
    });
  }

  const askSilent = async (): Promise<number> => {
    let longestMs = 0;
    const arrangements: ((request: IncomingMessage, response: ServerResponse) => void)[] = [
      () => {},
      (_request, response) => void response.writeHead(200, { "content-type": "application/json" }).write("{"),
    ];
    for (const arrange of arrangements) {
      answer = arrange;
      const began = performance.now();
      const [asked, told] = await Promise.all([
        refusal(control(150).status(JOB)),
        refusal(control(150).retryFailed(JOB)),
      ]);
      const tookMs = performance.now() - began;
      expect(tookMs).to.be.at.least(140);
      longestMs = Math.max(longestMs, tookMs);
      expect([asked.code, told.code]).to.deep.equal(["UNAVAILABLE", "UNAVAILABLE"]);
      expect(asked.message).to.equal(`server: ${url}: no answer within 0.15 s`);
      expect(told.message).to.equal(`server: ${url}: no answer within 0.15 s; the request may still have taken effect`);
    }
    return longestMs;
  };
  itMeasures(
    "reports that no answer came in time, for the head and for the body; a change may have been made",
    askSilent,
    "waits no longer than its timeout, for the head and for the body",
    (tookMs) => expect(tookMs).to.be.lessThan(3_000),
  );

  it("distinguishes a broken connection, a port where nothing listens and an unknown host", async () => {
    answer = (request) => void request.socket.destroy();
    const cut = await refusal(control().status(JOB));
    expect(cut.message).to.match(/connection was closed/);
    const free = createServer();
    await new Promise<void>((listening) => free.listen(0, "127.0.0.1", listening));
    const { port } = free.address() as AddressInfo;
    await new Promise((closed) => free.close(closed));
    const down = await refusal(new ServerControl({ url: `http://127.0.0.1:${port}/api` }).cancel(JOB));
    expect(down.message).to.equal(`server: http://127.0.0.1:${port}/api: nothing listens there (ECONNREFUSED)`);
    const unknown = await refusal(new ServerControl({ url: "http://mill.invalid/api" }).status(JOB));
    expect([unknown.code, unknown.message]).to.satisfy(
      ([code, message]: [string, string]) => code === "UNAVAILABLE" && /unknown host|cannot be resolved/.test(message),
    );
  });
});
