/** Splits an `Authorization` header into scheme (lower case) and value; undefined unless it has exactly these two parts. */
export function authorizationOf(header: string | undefined): { scheme: string; value: string } | undefined {
  const [, scheme, value] = /^([\w-]+) +(\S+) *$/.exec(header ?? "") ?? [];
  return scheme === undefined || value === undefined ? undefined : { scheme: scheme.toLowerCase(), value };
}

/** Decodes user name and password of a Basic credential (UTF-8, RFC 7617); undefined if it has no colon. */
export function basicCredentials(value: string): { name: string; password: string } | undefined {
  const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
  return name === undefined || password === undefined ? undefined : { name, password };
}

/** The `WWW-Authenticate` challenge of each scheme. */
export const CHALLENGES = Object.freeze({
  basic: 'Basic realm="assetmill", charset="UTF-8"',
  bearer: 'Bearer realm="assetmill"',
});
