/** Who is calling. */
export interface Principal {
  /** Goes into `createdBy`, log lines and comments. */
  readonly name: string;
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
