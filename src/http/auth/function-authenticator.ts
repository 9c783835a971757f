import { isUnavailable } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { isPrincipalName } from "./principal-name.js";

/** A host's own way to know its callers: the request's headers in; who it is, or undefined, out. */
export type Authenticate = (
  credentials: Credentials,
) => Principal | string | undefined | Promise<Principal | string | undefined>;

/**
 * An authenticator from a host's own function. Callers learn nothing of its errors: INTERNAL, or UNAVAILABLE where it
 * throws that; the error itself goes to `onError`. A name that cannot stand in a log line is such an error, too.
 * `challenges`: what a refused caller is offered in `WWW-Authenticate`.
 */
export function authenticateWith(authenticate: Authenticate, challenges: readonly string[] = []): Authenticator {
  return {
    challenges,
    authenticate: async (credentials) => {
      const answer = await ask(authenticate, credentials);
      if (answer === undefined || answer === null) return undefined;
      const principal = typeof answer === "string" ? { name: answer } : answer;
      if (isPrincipalName(principal.name)) return principal;
      throw new Error("the host's authenticate function gave a principal without a usable name");
    },
  };
}

/** Whatever is thrown, another code of ours included, says nothing about the request. */
async function ask(authenticate: Authenticate, credentials: Credentials) {
  try {
    return await authenticate(credentials);
  } catch (error) {
    if (isUnavailable(error)) throw error;
    throw new Error("the host's authenticate function failed", { cause: error });
  }
}
