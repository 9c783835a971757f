import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import { messageOf } from "../../core/errors.js";
import { boundedText } from "./bounded-text.js";
import type { Outage } from "./outage.js";

/** How long a failure is remembered: until then no other fetch is tried. */
const RETRY_MS = 5_000;
const MAX_CHARS = 1024 * 1024;

/**
 * Returns the keys at a URL. jose fetches them when needed, one fetch at a time, and keeps them for ten minutes. Where they
 * cannot be fetched, callers get `outage`'s error, at once for the next five seconds; then the next caller tries again.
 * Tokens of keys that are still kept are verified all the time.
 */
export function remoteKeys(url: URL, timeoutMs: number, outage: Outage): JWTVerifyGetKey {
  let failure: { readonly error: Error; readonly untilMs: number } | undefined;
  const fetchKeys: FetchImplementation = async (address, options) => {
    if (failure && performance.now() < failure.untilMs) throw failure.error;
    try {
      const text = await keySetAt(address, options);
      failure = undefined;
      outage.over();
      return new Response(text);
    } catch (error) {
      const why = options.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
      // Without the query: it may hold a key of the service's own.
      const where = `${url.origin}${url.pathname}`;
      const message = `the keys to verify tokens with cannot be fetched from ${where}: ${why}`;
      failure = { error: outage.because(message, error), untilMs: performance.now() + RETRY_MS };
      throw failure.error;
    }
  };
  return createRemoteJWKSet(url, { timeoutDuration: timeoutMs, [customFetch]: fetchKeys });
}

/** Returns the text of a key set. Throws if it is none. */
async function keySetAt(address: string, options: Parameters<FetchImplementation>[1]): Promise<string> {
  const response = await fetch(address, options);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const text = await boundedText(response, MAX_CHARS);
  try {
    createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
  } catch (error) {
    throw new Error("its answer is no key set", { cause: error });
  }
  return text;
}

/** fetch itself only says "fetch failed". */
const reasonOf = (error: unknown): string =>
  error instanceof TypeError && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
