import type { Credentials } from "../../../src/core/ports/authenticator.js";

/** A request's headers, given by lower-case names. */
export const credentials = (headers: Readonly<Record<string, string>>): Credentials => ({
  header: (name) => headers[name.toLowerCase()],
});

export const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
