import { ProvenCredentials } from "./auth/proven-credentials.js";

/** What is seen of a request: its headers. */
interface HeadersOf {
  header(name: string): string | undefined;
}

/** More headers than any authenticator reads. */
const MAX_NAMES = 32;

/**
 * Remembers which requests' credentials were right lately, whatever authenticator checked them: a known caller is not
 * limited for the failed logins of others. Credentials are the values of all headers that the authenticator reads.
 */
export class KnownCallers {
  readonly #proven = new ProvenCredentials();
  readonly #names = new Set<string>();

  /** Returns the same function, but takes note of the headers that it is asked for. */
  watching(header: HeadersOf["header"]): HeadersOf["header"] {
    return (name) => {
      if (this.#names.size < MAX_NAMES) this.#names.add(name.toLowerCase());
      return header(name);
    };
  }

  has(request: HeadersOf): boolean {
    const key = this.#keyOf(request);
    return key !== undefined && this.#proven.has(key);
  }

  /** Returns whether the request has none of the headers that the authenticator reads: nothing was tried. */
  isBare(request: HeadersOf): boolean {
    return this.#names.size > 0 && this.#keyOf(request) === undefined;
  }

  remember(request: HeadersOf): void {
    const key = this.#keyOf(request);
    if (key !== undefined) this.#proven.add(key);
  }

  forget(request: HeadersOf): void {
    const key = this.#keyOf(request);
    if (key !== undefined) this.#proven.delete(key);
  }

  /** Undefined if the request has none of these headers: it proves nothing. */
  #keyOf(request: HeadersOf): string | undefined {
    const values = [...this.#names].sort().map((name) => [name, request.header(name)] as const);
    const given = values.filter(([, value]) => value !== undefined);
    return given.length === 0 ? undefined : this.#proven.keyOf(given.flat());
  }
}
