import { isUnavailable } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { isPrincipalName } from "./principal-name.js";

/** A host's own authentication: takes the request's headers, returns the caller or undefined. */
export type Authenticate = (
  credentials: Credentials,
) => Principal | string | undefined | Promise<Principal | string | undefined>;

/**
 * Makes an authenticator of a host's own function. `challenges` are sent in `WWW-Authenticate` to refused callers. An error
 * that the function throws goes to `onError`; the caller only sees INTERNAL, or UNAVAILABLE if it threw that. A name that
 * cannot be written to a log line counts as such an error.
 */
export function authenticateWith(authenticate: Authenticate, challenges: readonly string[] = []): Authenticator {
  return {
    challenges,
    authenticate: async (credentials) => {
      const answer = await ask(authenticate, credentials);
      if (answer === undefined || answer === null) return undefined;
      const principal = typeof answer === "string" ? { name: answer } : answer;
      if (isPrincipalName(principal.name)) return principal;
      throw new Error("the host's authenticate function returned a principal without a valid name");
    },
  };
}

/** Anything thrown, even an AssetmillError with another code, is a fault of the function and not of the request. */
async function ask(authenticate: Authenticate, credentials: Credentials) {
  try {
    return await authenticate(credentials);
  } catch (error) {
    if (isUnavailable(error)) throw error;
    throw new Error("the host's authenticate function failed", { cause: error });
  }
}
