import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import type { HttpOptions } from "../../src/http/options.js";
import { createApp } from "../../src/http/routes.js";
import { FakeOperator } from "./fake-operator.js";

export const BASE = "/bin/guides/v1/assets/process";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

/** An app over a fake operator, asked without a socket. */
export function client(options: Partial<HttpOptions> = {}, operator = new FakeOperator()) {
  const app = createApp(operator, { authenticator: new OpenAuthenticator(), ...options });
  const ask = async (path: string, init?: RequestInit & { duplex?: "half" }): Promise<Answer> => {
    const response = await app.request(path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  };
  const post = (body: RequestInit["body"], headers: Record<string, string> = { "Content-Type": "application/json" }) =>
    ask(BASE, { method: "POST", body, headers, duplex: "half" });
  return { app, operator, ask, post, start: (request: unknown) => post(JSON.stringify(request)) };
}
