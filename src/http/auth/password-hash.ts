import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { invalidParameter } from "../../core/errors.js";

/** A stored password hash: `scrypt$N$r$p$salt$hash`, the last two in base64. */
export interface PasswordHash {
  readonly text: string;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** OWASP's recommended parameters for 64 MiB. */
const COST = 2 ** 16;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 2;
const MAX_MEMORY = 256 * 1024 * 1024;

/** Longer ones are refused, by whoever makes a hash and whoever checks one. */
export const MAX_PASSWORD_LENGTH = 1_024;

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/**
 * Returns whether this can be a password: not too long, and without control characters, which RFC 7617 forbids. scrypt pads
 * a password with NUL, so one with NUL at its end has the hash of the one without.
 */
export const isPasswordText = (text: string): boolean =>
  text.length <= MAX_PASSWORD_LENGTH && !/[\p{Cc}\p{Cs}]/u.test(text);

/** Hashes a password with a new random salt. Throws INVALID_PARAMETER for one that nobody could log in with. */
export async function hashPassword(password: string): Promise<string> {
  if (password.length > MAX_PASSWORD_LENGTH)
    throw invalidParameter("password", `must have at most ${MAX_PASSWORD_LENGTH} characters`);
  if (!isPasswordText(password)) throw invalidParameter("password", "must not contain control characters");
  const salt = randomBytes(16);
  const draft = { cost: COST, blockSize: BLOCK_SIZE, parallelization: PARALLELIZATION, salt };
  const hash = await derived(password, draft, 32);
  return ["scrypt", COST, BLOCK_SIZE, PARALLELIZATION, salt.toString("base64"), hash.toString("base64")].join("$");
}

/** Parses a stored hash. Undefined if the text is not one, is too weak, or would need more than 256 MiB to check. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, n, r, p, salt = "", hash = ""] =
    /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w+/-]+=*)\$([\w+/-]+=*)$/.exec(text) ?? [];
  const parsed = {
    text,
    cost: Number(n),
    blockSize: Number(r),
    parallelization: Number(p),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
  const { cost, blockSize, parallelization } = parsed;
  const sound =
    cost >= 2 ** 10 &&
    Number.isInteger(Math.log2(cost)) &&
    blockSize >= 1 &&
    parallelization >= 1 &&
    parallelization <= 16 &&
    memoryOf(parsed) <= MAX_MEMORY &&
    within(parsed.salt.length, 8, 64) &&
    within(parsed.hash.length, 16, 64);
  return sound ? parsed : undefined;
}

/** Returns whether the password matches the hash. Compares in constant time. */
export async function isPassword(password: string, expected: PasswordHash): Promise<boolean> {
  if (!isPasswordText(password)) return false;
  return timingSafeEqual(await derived(password, expected, expected.hash.length), expected.hash);
}

/** Returns a hash that matches no password and takes as long to check as the most expensive of these. */
export function decoyFor(hashes: readonly PasswordHash[]): PasswordHash {
  const costliest = hashes.reduce((a, b) => (workOf(b) > workOf(a) ? b : a));
  return { ...costliest, text: "", salt: randomBytes(16), hash: randomBytes(costliest.hash.length) };
}

type Parameters = Pick<PasswordHash, "cost" | "blockSize" | "parallelization" | "salt">;

// NFC: two keyboards may spell the same letter differently.
const derived = (password: string, parameters: Parameters, length: number): Promise<Buffer> =>
  derive(password.normalize("NFC"), parameters.salt, length, {
    cost: parameters.cost,
    blockSize: parameters.blockSize,
    parallelization: parameters.parallelization,
    maxmem: memoryOf(parameters) + 1024 * 1024,
  });

const memoryOf = ({ cost, blockSize, parallelization }: Omit<Parameters, "salt">): number =>
  128 * blockSize * (cost + parallelization + 2);

const workOf = ({ cost, blockSize, parallelization }: PasswordHash): number => cost * blockSize * parallelization;

const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;
