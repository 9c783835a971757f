import { invalidParameter } from "../core/errors.js";
import type { RateLimit } from "../http/index.js";

const WINDOWS_MS: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 };

/** Parses a rate: `20/s`, `600/min` or `1000/h`. Throws INVALID_PARAMETER naming the flag. */
export function parseRate(flag: string, text: string): RateLimit {
  const [, limit = "", unit = ""] = /^([1-9]\d{0,8})\/(s|min|h)$/.exec(text) ?? [];
  const windowMs = WINDOWS_MS[unit];
  if (windowMs !== undefined) return { limit: Number(limit), windowMs };
  throw invalidParameter(flag, `must be a rate such as 20/s, 600/min or 1000/h; got ${JSON.stringify(text)}`);
}
