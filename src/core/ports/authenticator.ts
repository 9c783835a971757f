/** An authenticated caller. */
export interface Principal {
  /** Shown in `createdBy`, log lines and comments. At most 200 characters, no control characters. */
  readonly name: string;
  /**
   * How the caller proved who it is. "cookie": browsers send cookies on their own, so a request that changes state
   * needs a CSRF token. "header": the client added it on purpose.
   * @defaultValue "cookie" if the request has a Cookie and no Authorization, else "header"
   */
  readonly by?: "header" | "cookie";
  /**
   * Identifies the cookie's session: a CSRF token is valid for that session only. Never shown. @defaultValue the name
   */
  readonly session?: string;
}

/** What an Authenticator sees of a caller. */
export interface Credentials {
  /**
   * The address that the request comes from, as failed logins are counted: the /64 network of an IPv6 address. Undefined if
   * it is not known. It proves nothing.
   */
  readonly address?: string | undefined;

  /** Returns a header's value. Names are case-insensitive. */
  header(name: string): string | undefined;
}

/** Turns credentials into a principal. */
export interface Authenticator {
  /** The `WWW-Authenticate` challenges sent to a refused caller. Empty if no caller is ever refused. */
  readonly challenges: readonly string[];

  /**
   * Whether a check costs so little that each caller can be checked, even in a flood of wrong credentials. Then right ones
   * always get in. Otherwise, strangers from an address with too many failed logins are refused without a check.
   * @defaultValue false
   */
  readonly quick?: boolean;

  /**
   * Returns the caller's principal, or undefined if the caller is unknown or proved nothing; the request is then
   * refused with 401. Throws `UNAVAILABLE` if the caller cannot be checked for the time being, `INTERNAL` if not before
   * somebody mends something here, `RATE_LIMITED` if too many are being checked; never guesses.
   */
  authenticate(credentials: Credentials): Promise<Principal | undefined>;
}
