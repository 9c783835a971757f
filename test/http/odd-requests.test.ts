import { expect } from "chai";
import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import { authenticateWith } from "../../src/http/auth/function-authenticator.js";
import { type Listening, type ListenOptions, listen } from "../../src/http/listen.js";
import { isLoopback } from "../../src/http/loopback.js";
import type { HttpOptions } from "../../src/http/options.js";
import { createApp } from "../../src/http/routes.js";
import { BASE, defaultCheck } from "./client.js";
import { FakeOperator } from "./fake-operator.js";
import { abandon, answersOf, exchange, type RawAnswer } from "./raw-socket.js";

const JSON_TYPE = "Content-Type: application/json\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const HOST = "Host: localhost\r\n";
const CLOSE = "Connection: close\r\n";
const START = JSON.stringify({ path: "/a", type: "T" });

describe("slow and odd requests to a real socket", () => {
  const servers: Listening[] = [];
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const host = globalThis.console;
  const { error: written } = host;

  // The HTTP library writes to the console what breaks a response off.
  before(() => {
    host.error = onError;
  });
  after(() => {
    host.error = written;
  });

  async function serve(options: Partial<ListenOptions> = {}, app: Partial<HttpOptions> = {}): Promise<string> {
    const { fetch } = createApp(new FakeOperator(), { authenticator: new OpenAuthenticator(), onError, ...app });
    const handle = (request: Request, bindings?: object) => fetch(request, bindings);
    const server = await listen(handle, { host: "127.0.0.1", port: 0, closeTimeoutMs: 200, onError, ...options });
    servers.push(server);
    return server.url;
  }

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    expect(errors.splice(0), "nothing that a client does is an error of the server").to.deep.equal([]);
  });

  /** The one answer, which has to be a problem of the document. */
  function problemOf(received: string): RawAnswer & { readonly code: string } {
    const answers = answersOf(received);
    expect(answers, received).to.have.length(1);
    const [answer] = answers as [RawAnswer];
    expect(answer.head).to.include("content-type: application/problem+json").and.to.include("nosniff");
    const text = answer.head.includes("transfer-encoding: chunked") ? answer.text.split("\r\n")[1] : answer.text;
    defaultCheck().checkProblem(received, text ?? "");
    const problem = JSON.parse(text ?? "");
    expect(problem.status).to.equal(answer.status);
    return { ...answer, code: problem.code };
  }

  const refused = (received: string): [number, string] => {
    const { status, code } = problemOf(received);
    return [status, code];
  };

  const post = (more: string, body = "", path = BASE): string =>
    `POST ${path} HTTP/1.1\r\n${HOST}${JSON_TYPE}${more}\r\n${body}`;
  const get = (target: string, more = CLOSE): string => `GET ${target} HTTP/1.1\r\n${HOST}${more}\r\n`;

  describe("that arrive too slowly", () => {
    for (const path of [BASE, `${BASE}/cancel`, `${BASE.replace("/process", "/status")}`]) {
      for (const statusCodes of ["documented", "semantic"] as const) {
        it(`get 408 if the body of POST ${path} trickles in, with ${statusCodes} status codes`, async () => {
          const url = await serve({}, { requestTimeoutMs: 400, statusCodes });
          const received = await exchange(url, post("Content-Length: 50\r\n", "{", path), 200, " ", 200, " ", 200, " ");
          expect(refused(received)).to.deep.equal([408, "REQUEST_TIMEOUT"]);
        });
      }
    }

    it("get 408 if a chunked body trickles in", async () => {
      const url = await serve({}, { requestTimeoutMs: 400 });
      const received = await exchange(url, post(CHUNKED, "1\r\n{\r\n"), 200, "1\r\n \r\n", 300, "1\r\n \r\n");
      expect(refused(received)).to.deep.equal([408, "REQUEST_TIMEOUT"]);
    });

    it("leave the store its whole time if the body arrives late but in time", async () => {
      const operator = new FakeOperator();
      operator.delayMs = 2500;
      const { fetch } = createApp(operator, {
        authenticator: new OpenAuthenticator(),
        onError,
        requestTimeoutMs: 4000,
      });
      const server = await listen((request) => fetch(request), { host: "127.0.0.1", port: 0 });
      servers.push(server);
      const head = post(`Content-Length: ${START.length}\r\n${CLOSE}`);
      expect(answersOf(await exchange(server.url, head, 2500, START))[0]?.status).to.equal(200);
    });

    it("get 408 if the connection's own time limit ends first", async () => {
      const url = await serve({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
      expect(refused(await exchange(url, post("Content-Length: 9\r\n", "{")))).to.deep.equal([408, "REQUEST_TIMEOUT"]);
    });

    it("get 408 if the headers do not end, or never begin", async () => {
      const url = await serve({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
      for (const text of ["GET / HTTP/1.1\r\nHost: x\r\nA: ", "G", ""])
        expect(refused(await exchange(url, text)), text).to.deep.equal([408, "REQUEST_TIMEOUT"]);
    });

    it("are not answered twice if they were answered before the body had arrived", async () => {
      const url = await serve({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
      const answers = answersOf(await exchange(url, `GET /healthz HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n`));
      expect(answers.map(({ status }) => status)).to.deep.equal([200]);
    });

    it("are disconnected if nothing follows on a connection that is kept open", async () => {
      const url = await serve({ keepAliveTimeoutMs: 200 });
      const answers = answersOf(await exchange(url, get("/healthz", "")));
      expect(answers.map(({ status }) => status)).to.deep.equal([200]);
    });
  });

  describe("whose clients hang up", () => {
    it("are no error of the server, at whatever moment of the body", async () => {
      const slowly = authenticateWith(async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return "ann";
      });
      const url = await serve({}, { authenticator: slowly });
      for (const path of [BASE, `${BASE}/cancel`]) {
        for (const waitMs of [0, 10, 60]) {
          await abandon(url, post("Content-Length: 50\r\n", "{", path), waitMs);
          await abandon(url, post("Content-Length: 50\r\n", "", path), waitMs);
          await abandon(url, post(CHUNKED, "5\r\n{", path), waitMs);
          await abandon(url, post(`Content-Length: ${START.length}\r\n`, START, path), waitMs);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(answersOf(await exchange(url, get("/healthz")))[0]?.status).to.equal(200);
    });
  });

  describe("that Node's parser refuses", () => {
    const MALFORMED: Readonly<Record<string, string>> = {
      "an unknown method": `FOO /healthz HTTP/1.1\r\n${HOST}\r\n`,
      "a line that is no request": "GARBAGE\r\n\r\n",
      "a TLS handshake": "\u0016\u0003\u0001\u0002\u0000\u0001",
      "HTTP/2 without being asked": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "a header that is none": `GET /healthz HTTP/1.1\r\n${HOST}No colon\r\n\r\n`,
      "a length that is none": post("Content-Length: 1e3\r\n", "{}"),
      "two different lengths": post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
      "a length beside chunks": post(`${CHUNKED}Content-Length: 2\r\n`, "2\r\n{}\r\n0\r\n\r\n"),
      "a chunk of no size": post(CHUNKED, "zz\r\n{}\r\n0\r\n\r\n"),
    };
    for (const [what, text] of Object.entries(MALFORMED)) {
      it(`get a problem with 400: ${what}`, async () => {
        expect(refused(await exchange(await serve(), text))).to.deep.equal([400, "INVALID_PARAMETER"]);
      });
    }

    it("get a problem with 413 for endless chunk extensions", async () => {
      const text = post(CHUNKED, `2;${"e".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`);
      expect(refused(await exchange(await serve(), text))).to.deep.equal([413, "TOO_LARGE"]);
    });

    it("get a problem with 431 for headers that are too large, however much follows", async () => {
      const url = await serve();
      for (const length of [40_000, 4_000_000]) {
        const text = get("/healthz", `X-Long: ${"x".repeat(length)}\r\n`);
        expect(refused(await exchange(url, text)), String(length)).to.deep.equal([431, "HEADERS_TOO_LARGE"]);
      }
    });

    it("are answered after the sound requests that came before on the same connection", async () => {
      const url = await serve();
      const answers = answersOf(await exchange(url, `${get(`${BASE}/history`, "")}GARBAGE\r\n\r\n`));
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 400]);
      expect(answers[1]?.head).to.include("application/problem+json");
    });
  });

  describe("with long URLs", () => {
    const padded = (length: number): string => `/healthz?x=${"a".repeat(length - "/healthz?x=".length)}`;

    it("work up to 16 KiB, beside many other headers", async () => {
      const text = get(padded(16 * 1024), `${CLOSE}Authorization: Bearer ${"t".repeat(8_000)}\r\n`);
      expect(answersOf(await exchange(await serve(), text))[0]?.status).to.equal(200);
    });

    it("work for a path of 4,096 bytes that is all percent-encoded", async () => {
      const path = encodeURIComponent(`/${"é".repeat(2_047)}`);
      const text = get(`${BASE}/results?path=${path}`);
      expect(answersOf(await exchange(await serve(), text))[0]?.status).to.equal(200);
    });

    it("get a problem with 414 beyond, and with 431 far beyond", async () => {
      const url = await serve();
      expect(refused(await exchange(url, get(padded(16 * 1024 + 1))))).to.deep.equal([414, "URI_TOO_LONG"]);
      expect(refused(await exchange(url, get(padded(40_000))))).to.deep.equal([431, "HEADERS_TOO_LARGE"]);
    });
  });

  describe("of old or unusual clients", () => {
    const allowedHosts = isLoopback;

    it("are served over HTTP/1.0 without a Host header, even if only some hosts are allowed", async () => {
      for (const options of [{}, { allowedHosts }, { allowedHosts: (host: string) => host === "mill.example" }]) {
        const [answer] = answersOf(await exchange(await serve({}, options), "GET /healthz HTTP/1.0\r\n\r\n"));
        expect(answer?.status).to.equal(200);
      }
    });

    it("keep an HTTP/1.0 connection open if asked to", async () => {
      const request = "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
      const last = "GET /healthz HTTP/1.0\r\n\r\n";
      const answers = answersOf(await exchange(await serve(), request, 50, last));
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
    });

    it("get reports over HTTP/1.0 without chunks", async () => {
      const headers = "Accept: application/x-ndjson\r\n";
      const text = `GET ${BASE}/outcomes?processingId=x HTTP/1.0\r\n${headers}\r\n`;
      const [answer] = answersOf(await exchange(await serve(), text));
      expect(answer?.status).to.equal(200);
      expect(answer?.head).to.not.include("chunked");
    });

    const ONE_ANSWER: Readonly<Record<string, readonly [text: string, status: number, code?: string]>> = {
      "no Host in HTTP/1.1": [`GET /healthz HTTP/1.1\r\n${CLOSE}\r\n`, 400, "INVALID_PARAMETER"],
      "two Host headers": [get("/healthz", `Host: localhost\r\n${CLOSE}`), 400, "INVALID_PARAMETER"],
      "an empty Host": [`GET /healthz HTTP/1.1\r\nHost:\r\n${CLOSE}\r\n`, 400, "INVALID_PARAMETER"],
      "a Host that is none": [`GET /healthz HTTP/1.1\r\nHost: a b\r\n${CLOSE}\r\n`, 400, "INVALID_PARAMETER"],
      "a whole URL as target": [get("http://localhost/healthz"), 200],
      "a whole URL of another scheme": [get("ftp://localhost/healthz"), 400, "INVALID_PARAMETER"],
      "OPTIONS of the whole server": [`OPTIONS * HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, 400, "INVALID_PARAMETER"],
      CONNECT: ["CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405, "METHOD_NOT_ALLOWED"],
      TRACE: [`TRACE /healthz HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, 405, "METHOD_NOT_ALLOWED"],
      PROPFIND: [`PROPFIND ${BASE} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, 405, "METHOD_NOT_ALLOWED"],
      "an expectation that cannot be met": [post("Expect: magic\r\nContent-Length: 2\r\n"), 417, "EXPECTATION_FAILED"],
    };
    for (const [what, [text, status, code]] of Object.entries(ONE_ANSWER)) {
      it(`get ${status} and ${code ?? "an answer"} for ${what}`, async () => {
        const received = await exchange(await serve({}, { allowedHosts: isLoopback }), text);
        if (code === undefined) expect(answersOf(received)[0]?.status).to.equal(status);
        else expect(refused(received)).to.deep.equal([status, code]);
      });
    }

    it("are told to go on if they expect that, and served", async () => {
      const head = post(`Expect: 100-continue\r\nContent-Length: ${START.length}\r\n${CLOSE}`);
      const answers = answersOf(await exchange(await serve(), head, 50, START));
      expect(answers.map(({ status }) => status)).to.deep.equal([100, 200]);
    });

    it("are served as they are if they ask for another protocol", async () => {
      const url = await serve({ keepAliveTimeoutMs: 200 });
      for (const protocol of ["websocket", "h2c"]) {
        const received = await exchange(url, get("/healthz", `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`));
        expect(answersOf(received).map(({ status }) => status)).to.deep.equal([200]);
      }
    });

    it("are answered in order if they send several at once", async () => {
      const length = `Content-Length: ${START.length}\r\n`;
      const text = `${get("/healthz", "")}${post(length, START)}${get("/nowhere")}`;
      const answers = answersOf(await exchange(await serve(), text));
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 404]);
    });

    it("may send trailers after the chunks of a body", async () => {
      const chunk = `${START.length.toString(16)}\r\n${START}\r\n`;
      const text = post(`${CHUNKED}Trailer: X-Sum\r\n${CLOSE}`, `${chunk}0\r\nX-Sum: 1\r\n\r\n`);
      expect(answersOf(await exchange(await serve(), text))[0]?.status).to.equal(200);
    });
  });
});
