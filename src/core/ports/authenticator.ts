/** Who is calling. */
export interface Principal {
  /** Goes into `createdBy`, log lines and comments. At most 200 characters, no control characters. */
  readonly name: string;
  /**
   * What proved it. "cookie": browsers send that by themselves, so a state change needs a CSRF token. "header": the
   * client had to add it. @defaultValue "cookie" where the request has a Cookie and no Authorization, else "header"
   */
  readonly by?: "header" | "cookie";
  /** What the cookie's session is known by, so that a CSRF token is good for it alone. Never shown. @defaultValue the name */
  readonly session?: string;
}

/** What may be known of a caller: its request's headers. */
export interface Credentials {
  /** Names are case-insensitive. */
  header(name: string): string | undefined;
}

/** Turns credentials into a principal. */
export interface Authenticator {
  /** Offered to a caller that was refused, one `WWW-Authenticate` challenge each; empty where nobody ever is. */
  readonly challenges: readonly string[];

  /**
   * Undefined where the caller is not known or proved nothing, which is refused with 401.
   * Never answers for a caller it could not check: it fails with `UNAVAILABLE` instead.
   */
  authenticate(credentials: Credentials): Promise<Principal | undefined>;
}
