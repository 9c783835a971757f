/** A value that a property may have. */
export type PropertyValue = string | number | boolean | readonly string[];

export const LINK_KINDS = [
  "topic",
  "map",
  "file",
  "key",
  "content",
  "content-key",
  "image",
  "multimedia",
  "multimedia-key",
] as const;

/** An outgoing reference of an asset. */
export interface AssetReference {
  readonly kind: (typeof LINK_KINDS)[number];
  /** An absolute repository path, a URL if the target is outside the repository, or the name of a key. */
  readonly target: string;
  /** Whether the target is outside the repository. */
  readonly external?: boolean;
  readonly scope?: "local" | "peer" | "external";
  /** Id within the target, without `#`. */
  readonly fragment?: string;
  /** Whether the reference is in a relationship table. */
  readonly reltable?: boolean;
}

/** Results that a handler wants to have written for an asset. All fields are optional. */
export interface HandlerResult {
  /** Merged over the existing properties: properties named here are replaced, others stay. */
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** All references that this handler found. They replace the ones it found before. */
  readonly references?: readonly AssetReference[];
  /** Written to the job's log, the first 100 of an asset; further ones are counted. The asset still succeeds. */
  readonly warnings?: readonly string[];
  /** Number of warnings that the handler left out of `warnings`. They are counted like those. @defaultValue 0 */
  readonly moreWarnings?: number;
}

const PARTS: readonly string[] = [
  "properties",
  "references",
  "warnings",
  "moreWarnings",
] satisfies readonly (keyof HandlerResult)[];

/** Returns the result if it is valid. Throws a TypeError that names the invalid part otherwise. */
export function checkResult(result: HandlerResult): HandlerResult {
  if (!isRecord(result)) throw new TypeError(`the handler returned ${nameOfKind(result)}, not a HandlerResult`);
  const unknown = Object.keys(result).find((part) => !PARTS.includes(part));
  if (unknown !== undefined) {
    throw new TypeError(`a HandlerResult has no field ${JSON.stringify(unknown)}; its fields are ${PARTS.join(", ")}`);
  }
  const { properties, references, warnings, moreWarnings } = result;
  if (properties !== undefined) checkProperties(properties);
  if (references !== undefined) checkReferences(references);
  if (warnings !== undefined && !isTextList(warnings)) throw new TypeError("warnings must be a list of strings");
  if (moreWarnings !== undefined && !isCount(moreWarnings)) throw new TypeError("moreWarnings must be a whole number");
  return result;
}

function checkProperties(properties: unknown): void {
  if (!isRecord(properties)) throw new TypeError("properties must be an object");
  for (const [name, value] of Object.entries(properties)) {
    if (name === "" || /[/\u0000-\u001f]/.test(name)) {
      throw new TypeError(`${JSON.stringify(name)} is not a valid property name`);
    }
    if (!isPropertyValue(value)) {
      throw new TypeError(`property ${name} must be a string, a finite number, a boolean or a list of strings`);
    }
  }
}

function checkReferences(references: unknown): void {
  if (!Array.isArray(references)) throw new TypeError("references must be a list");
  const kinds: readonly unknown[] = LINK_KINDS;
  for (const reference of references as readonly unknown[]) {
    if (!isRecord(reference) || typeof reference.target !== "string") {
      throw new TypeError("each reference must have a target");
    }
    if (!kinds.includes(reference.kind)) {
      throw new TypeError(`the kind of a reference must be one of ${LINK_KINDS.join(", ")}`);
    }
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const nameOfKind = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "an object"
        : `a ${typeof value}`;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");

const isPropertyValue = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "boolean" || Number.isFinite(value) || isTextList(value);
