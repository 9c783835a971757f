import type { JobOperator } from "../core/ports/job-operator.js";
import type * as Http from "./index.js";
import { type NodeListenerOptions, resolveListenerOptions } from "./listener-options.js";
import type { Fetch, NodeListener } from "./node-listener.js";
import type { HttpOptions } from "./options.js";

export { ExplainedFault } from "./explained-fault.js";
export type { NodeListenerOptions } from "./listener-options.js";
export type { Fetch, NodeListener } from "./node-listener.js";
export { refuseUnknownHttpOptions } from "./options.js";

/** Options of the HTTP API without an authenticator need the token that callers must give instead. */
export type ApiOptions = Partial<HttpOptions> & { readonly token: string | undefined };

/** The HTTP API, loaded when it is first used: a host that serves no requests needs none of its packages. */
export class ApiOnDemand {
  readonly #operator: JobOperator;
  readonly #options: ApiOptions;
  #loading: Promise<{ readonly http: typeof Http; readonly fetch: Fetch }> | undefined;

  constructor(operator: JobOperator, options: ApiOptions) {
    this.#operator = operator;
    this.#options = options;
  }

  /** Loads it, if it is not loaded yet. Rejects with INVALID_PARAMETER naming the invalid option. */
  async load(): Promise<void> {
    await this.#load();
  }

  readonly fetch: Fetch = async (request, bindings) => (await this.#load()).fetch(request, bindings);

  /** Begins to load the API, and returns a listener that can be used at once. Throws INVALID_PARAMETER for an invalid option. */
  nodeListener(options: NodeListenerOptions = {}): NodeListener {
    resolveListenerOptions(options);
    let listener: NodeListener | undefined;
    const loading = this.#load().then(({ http, fetch }) => {
      listener = http.nodeListener(fetch, this.#options.onError, options);
      return listener;
    });
    // The first request rejects with it.
    loading.catch(() => {});
    return (request, response) =>
      listener ? listener(request, response) : loading.then((loaded) => loaded(request, response));
  }

  #load() {
    return (this.#loading ??= import("./index.js").then((http) => {
      const { token = "", ...options } = this.#options;
      const authenticator = options.authenticator ?? new http.TokenAuthenticator(token);
      const app = http.createApp(this.#operator, { ...options, authenticator });
      return { http, fetch: async (request, bindings) => app.fetch(request, bindings) };
    }));
  }
}
