/** An `Authorization` header's scheme (lower case) and what follows it; undefined where it is none of these two words. */
export function authorizationOf(header: string | undefined): { scheme: string; value: string } | undefined {
  const [, scheme, value] = /^([\w-]+) +(\S+) *$/.exec(header ?? "") ?? [];
  return scheme === undefined || value === undefined ? undefined : { scheme: scheme.toLowerCase(), value };
}

/** The user's name and password in a Basic credential (UTF-8, RFC 7617); undefined where there is no colon. */
export function basicCredentials(value: string): { name: string; password: string } | undefined {
  const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
  return name === undefined || password === undefined ? undefined : { name, password };
}

/** What is offered to callers that may come by this scheme. */
export const CHALLENGES = Object.freeze({
  basic: 'Basic realm="assetmill", charset="UTF-8"',
  bearer: 'Bearer realm="assetmill"',
});
