/**
 * Returns whether the value is a name that is safe in log lines and fits its database column. RFC 7617 forbids control
 * characters in user names; bidirectional and other format characters would make one name look like another.
 */
export const isPrincipalName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && name.length <= 200 && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name);
