import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import { documentOf } from "../../src/http/openapi.js";
import type { HttpOptions } from "../../src/http/options.js";
import { createApp } from "../../src/http/routes.js";
import { ContractCheck } from "./contract-check.js";
import { FakeOperator } from "./fake-operator.js";

export const BASE = "/bin/guides/v1/assets/process";
export const SIBLINGS = "/bin/guides/v1";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON; undefined where there is none. */
  readonly body: any;
  readonly text: string;
}

type Init = RequestInit & { duplex?: "half" };

/** An app over a fake operator, asked without a socket; every answer is checked against its OpenAPI document. */
export function client(options: Partial<HttpOptions> = {}, operator = new FakeOperator()) {
  const app = createApp(operator, { authenticator: new OpenAuthenticator(), ...options });
  const check = checkOf(app, options);
  const ask = async (path: string, init: Init = {}): Promise<Answer> =>
    answerOf(await app.request(path, init), check, path, init);
  const post = (body: RequestInit["body"], headers: Record<string, string> = { "Content-Type": "application/json" }) =>
    ask(BASE, { method: "POST", body, headers, duplex: "half" });
  const act = (path: string, body: unknown) =>
    ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return { app, operator, ask, post, act, start: (request: unknown) => post(JSON.stringify(request)) };
}

/** Asks a server that listens; every answer is checked against the document that it serves itself. */
export async function socketClient(origin: string, headers: Record<string, string> = {}, base = BASE) {
  const document = await fetch(`${origin}${base}/openapi.json`, { headers });
  if (document.status !== 200) throw new Error(`no document: ${document.status} ${await document.text()}`);
  const check = new ContractCheck((await document.json()) as object);
  const ask = async (path: string, init: Init = {}): Promise<Answer> =>
    answerOf(
      await fetch(`${origin}${path}`, { ...init, headers: { ...headers, ...(init.headers as object) } }),
      check,
      path,
      init,
    );
  const act = (path: string, body: unknown, more: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...more },
      body: JSON.stringify(body),
    });
  return { ask, act, document: check };
}

async function answerOf(response: Response, check: ContractCheck, path: string, init: Init): Promise<Answer> {
  const { status, headers } = response;
  const contentType = headers.get("content-type");
  const text = await response.text();
  const { pathname } = new URL(path, "http://localhost");
  check.check({ method: init.method ?? "GET", pathname, status, contentType, text });
  const isJson = /^application\/(\w+\+)?json\b/.test(contentType ?? "");
  const body: unknown = text === "" ? undefined : isJson ? JSON.parse(text) : text;
  return { status, headers, body, text };
}

/** A check of answers by the document of an app with the default paths. */
export const defaultCheck = (): ContractCheck =>
  checkOf(createApp(new FakeOperator(), { authenticator: new OpenAuthenticator() }), {});

const checks = new Map<string, ContractCheck>();

/** The document depends on these options alone, and to compile it takes a while. */
function checkOf(app: ReturnType<typeof createApp>, { basePath, siblingPath }: Partial<HttpOptions>): ContractCheck {
  const key = JSON.stringify([basePath, siblingPath]);
  const known = checks.get(key) ?? new ContractCheck(documentOf(app));
  checks.set(key, known);
  return known;
}
