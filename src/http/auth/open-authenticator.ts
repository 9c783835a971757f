import type { Authenticator, Principal } from "../../core/ports/authenticator.js";

/** Accepts every caller as "anonymous". Use it only for a server that listens on loopback. */
export class OpenAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [];
  readonly quick = true;

  async authenticate(): Promise<Principal> {
    return { name: "anonymous" };
  }
}
