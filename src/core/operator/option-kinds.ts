import { invalidParameter } from "../errors.js";

/** Throws INVALID_PARAMETER, naming the option, if one of these is given and is neither true nor false. */
export function refuseNonBooleans(options: object, names: readonly string[]): void {
  for (const name of names) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || typeof value === "boolean") continue;
    throw invalidParameter(name, `must be true or false, not ${shownKind(value)}`);
  }
}

/** Throws INVALID_PARAMETER, naming the option, if its value lacks one of these methods. `what`: what it must be. */
export function refuseWithoutMethods(value: unknown, field: string, what: string, methods: readonly string[]): void {
  if (!isObject(value)) throw invalidParameter(field, `must be ${what}, not ${shownKind(value)}`);
  const missing = methods.filter((name) => typeof (value as Readonly<Record<string, unknown>>)[name] !== "function");
  if (missing.length === 0) return;
  throw invalidParameter(field, `must be ${what}; it lacks ${missing.map((name) => `${name}()`).join(", ")}`);
}

/** Whether a value has properties of its own: an object, not an array. A function may have methods, too. */
export const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null && !Array.isArray(value)) || typeof value === "function";

/** Names a wrong value for a message. Of a text only that it is one: it may be a secret. */
export function shownKind(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean")
    return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return "a string";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
