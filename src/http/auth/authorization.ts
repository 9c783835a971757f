/** Splits an `Authorization` header into scheme (lower case) and value; undefined unless it has exactly these two parts. */
export function authorizationOf(header: string | undefined): { scheme: string; value: string } | undefined {
  const [, scheme, value] = /^([\w-]+) +(\S+) *$/.exec(header ?? "") ?? [];
  return scheme === undefined || value === undefined ? undefined : { scheme: scheme.toLowerCase(), value };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes user name and password of a Basic credential (RFC 7617). Undefined if it has no colon, or is not UTF-8: replaced
 * bytes would make one password of many.
 */
export function basicCredentials(value: string): { name: string; password: string } | undefined {
  const [, name, password] = /^([^:]*):(.*)$/s.exec(decoded(value) ?? "") ?? [];
  return name === undefined || password === undefined ? undefined : { name, password };
}

function decoded(value: string): string | undefined {
  try {
    return UTF8.decode(Buffer.from(value, "base64"));
  } catch {
    return undefined;
  }
}

/** The `WWW-Authenticate` challenge of each scheme. */
export const CHALLENGES = Object.freeze({
  basic: 'Basic realm="assetmill", charset="UTF-8"',
  bearer: 'Bearer realm="assetmill"',
});
