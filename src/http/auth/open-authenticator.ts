import type { Authenticator, Principal } from "../../core/ports/authenticator.js";

/** Lets everyone in as "anonymous". Only for a server that listens on loopback. */
export class OpenAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [];

  async authenticate(): Promise<Principal> {
    return { name: "anonymous" };
  }
}
