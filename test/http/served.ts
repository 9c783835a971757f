import { OpenAuthenticator } from "../../src/http/auth/open-authenticator.js";
import { type Listening, listen } from "../../src/http/listen.js";
import type { HttpOptions } from "../../src/http/options.js";
import { createApp } from "../../src/http/routes.js";
import type { JobOperator } from "../../src/core/ports/job-operator.js";

/** Servers of one suite, on sockets of their own; `close` ends them all. */
export class Servers {
  readonly #listening: Listening[] = [];

  /** The origin of an app over this operator. */
  async over(operator: JobOperator, options: Partial<HttpOptions> = {}): Promise<string> {
    const { fetch } = createApp(operator, { authenticator: new OpenAuthenticator(), ...options });
    const server = await listen((request) => fetch(request), { host: "127.0.0.1", port: 0, closeTimeoutMs: 200 });
    this.#listening.push(server);
    return server.url;
  }

  async close(): Promise<void> {
    await Promise.all(this.#listening.splice(0).map((server) => server.close()));
  }
}
