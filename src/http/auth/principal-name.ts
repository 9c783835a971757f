/**
 * True for what may stand as a name in log lines and in a column of limited width. RFC 7617 forbids control characters in
 * a user's name; bidirectional and other format characters would let one name look like another.
 */
export const isPrincipalName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && name.length <= 200 && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name);
