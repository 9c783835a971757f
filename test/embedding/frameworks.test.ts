import { expect } from "chai";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import fastify, { type FastifyInstance } from "fastify";
import type { Assetmill } from "../../src/index.js";
import { SAMPLE } from "../cli/workbench.js";
import { endOf, Host } from "./host.js";

const ESPRESSO = "/content/dam/espresso";
const API = "/bin/guides/v1/assets/process";
const PREFIX = "/tools/mill";

/** How a host mounts a mill; answers where it listens. */
type Mount = (mill: Assetmill, prefix: string) => Promise<string>;

describe("the API in a real framework", () => {
  let host: Host;
  const closing: (() => unknown)[] = [];

  beforeEach(() => {
    host = new Host();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await host.dispose();
  });

  async function listening(listener: RequestListener): Promise<string> {
    const server: Server = createServer(listener);
    await new Promise<void>((bound) => server.listen(0, "127.0.0.1", bound));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function fastifyListening(app: FastifyInstance): Promise<string> {
    closing.push(() => app.close());
    return app.listen({ host: "127.0.0.1", port: 0 });
  }

  const expressWith =
    (...before: express.RequestHandler[]): Mount =>
    async (mill, prefix) => {
      const app = express();
      app.use(...([...before, (_request, _response, next) => next()] as express.RequestHandler[]));
      app.get("/own", (_request, response) => void response.send("the host's own page"));
      app.use(prefix || "/", mill.nodeListener());
      return listening(app);
    };

  const MOUNTS: Readonly<Record<string, Mount>> = {
    "node:http": async (mill, prefix) => {
      const listener = mill.nodeListener();
      return listening((request, response) => {
        if (request.url === "/own") response.end("the host's own page");
        else if (request.url?.startsWith(prefix)) void listener(request, response);
      });
    },
    "Express 5, before any parser": expressWith(),
    "Express 5, after its JSON and form parsers": expressWith(express.json(), express.urlencoded()),
    "Express 5, after its text parser": expressWith(express.text({ type: "*/*" })),
    "Express 5, after its raw parser": expressWith(express.raw({ type: "*/*" })),
    "Express 5, after a parser that keeps rawBody": expressWith(
      express.json({
        verify: (request, _response, bytes) => {
          (request as { rawBody?: Buffer }).rawBody = bytes;
        },
      }),
      express.urlencoded(),
    ),
    "Fastify 5, with the body handed on": async (mill, prefix) => {
      const app = fastify();
      const listener = mill.nodeListener();
      app.get("/own", () => "the host's own page");
      app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
        done(null, body),
      );
      app.all(`${prefix}/bin/guides/v1/*`, (request, reply) => {
        reply.hijack();
        return listener(Object.assign(request.raw, { body: request.body }), reply.raw);
      });
      return fastifyListening(app);
    },
    "Fastify 5, in a scope that leaves bodies alone": async (mill, prefix) => {
      const app = fastify();
      const listener = mill.nodeListener();
      app.get("/own", () => "the host's own page");
      await app.register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
        scope.all(`${prefix}/bin/guides/v1/*`, (request, reply) => {
          reply.hijack();
          return listener(request.raw, reply.raw);
        });
      });
      return fastifyListening(app);
    },
    "a Fetch handler": async (mill, prefix) =>
      // What a Fetch host does: it makes a Request by itself, and knows nothing of our listener.
      listening((request, response) => {
        if (request.url === "/own") return void response.end("the host's own page");
        if (!request.url?.startsWith(prefix)) return;
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const headers = new Headers(Object.entries(request.headers as Record<string, string>));
          const hasBody = request.method !== "GET" && request.method !== "HEAD";
          const url = `http://${request.headers.host}${request.url}`;
          const body = hasBody ? { body: Buffer.concat(chunks) } : {};
          void Promise.resolve(mill.fetch(new Request(url, { method: request.method, headers, ...body }))).then(
            async (answer) => {
              response.writeHead(answer.status, Object.fromEntries(answer.headers));
              response.end(Buffer.from(await answer.arrayBuffer()));
            },
          );
        });
      }),
  };

  for (const [name, mount] of Object.entries(MOUNTS)) {
    for (const prefix of ["", PREFIX]) {
      it(`starts, reads, downloads and cancels by form beside the host's own pages: ${name}${prefix && ", under a prefix"}`, async () => {
        const mill = await host.mill({ assets: SAMPLE, http: prefix ? { basePath: `${prefix}${API}` } : {} });
        const token = mill.token ?? "";
        const origin = await mount(mill, prefix);
        const ask = async (path: string, init: RequestInit = {}) => {
          const headers = { authorization: `Bearer ${token}`, ...(init.headers as object) };
          const signal = AbortSignal.timeout(10_000);
          const response = await fetch(`${origin}${path}`, { ...init, headers, signal });
          const text = await response.text();
          return { status: response.status, text, json: () => JSON.parse(text) };
        };
        const api = `${prefix}${API}`;

        expect((await ask("/own")).text).to.equal("the host's own page");
        expect((await ask(`${api}/history`, { headers: { authorization: "Bearer x" } })).status).to.equal(401);

        const json = { "content-type": "application/json" };
        const body = JSON.stringify({ path: ESPRESSO, type: "ASSET_PROCESSING", excludedPaths: ["/ä"] });
        const started = await ask(api, { method: "POST", headers: json, body });
        expect(started.status, started.text).to.equal(200);
        const { processingId } = started.json();
        const report = await endOf(mill, processingId);
        expect(report).to.deep.include({ status: "SUCCESS", excludedPaths: ["/ä"] });

        const status = await ask(`${api}/status?processingId=${processingId}`);
        expect(status.json()).to.deep.equal(JSON.parse(JSON.stringify(report)));

        // A link in an answer leads back here, prefix and all.
        const download = await ask(`${api}/logs/download?processingId=${processingId}`, {
          headers: { accept: "application/json" },
        });
        const [link] = download.json().logFilePaths;
        expect((await ask(link)).text).to.match(/Ended SUCCESS/);

        const wrong = await ask(api, { method: "POST", headers: json, body: '{"path":"/x","type":"T","nope":1}' });
        expect([wrong.status, wrong.json().code]).to.deep.equal([400, "UNKNOWN_FIELD"]);

        const form = { "content-type": "application/x-www-form-urlencoded" };
        const cancel = await ask(`${api}/cancel`, {
          method: "POST",
          headers: form,
          body: `processingId=${processingId}`,
        });
        expect([cancel.status, cancel.json().code], cancel.text).to.deep.equal([400, "ILLEGAL_STATE"]);
        const empty = await ask(`${api}/cancel?processingId=${processingId}`, { method: "POST" });
        expect([empty.status, empty.json().code], empty.text).to.deep.equal([400, "ILLEGAL_STATE"]);
      });
    }
  }
});
