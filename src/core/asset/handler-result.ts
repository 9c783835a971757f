/** What a property may hold. */
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
  /** Absolute repository path, a URL where it leaves the repository, or a key's name. */
  readonly target: string;
  /** True where the target is outside the repository. */
  readonly external?: boolean;
  readonly scope?: "local" | "peer" | "external";
  /** The id inside the target, without `#`. */
  readonly fragment?: string;
  /** True inside a relationship table. */
  readonly reltable?: boolean;
}

/** What a handler wants written about an asset. Every part may be left out. */
export interface HandlerResult {
  /** Merged over what is there: a named property is replaced, others stay. */
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** The complete list of what this handler found; it replaces what this handler found before. */
  readonly references?: readonly AssetReference[];
  /** Said of the asset in the log; it still succeeds. */
  readonly warnings?: readonly string[];
}

const PARTS: readonly string[] = ["properties", "references", "warnings"] satisfies readonly (keyof HandlerResult)[];

/** A handler's result, if it is one; else an error that names the part that is none. */
export function checkResult(result: HandlerResult): HandlerResult {
  if (!isRecord(result)) throw new TypeError(`the handler returned ${nameOfKind(result)}, not a HandlerResult`);
  const unknown = Object.keys(result).find((part) => !PARTS.includes(part));
  if (unknown !== undefined) {
    throw new TypeError(`a HandlerResult has no ${JSON.stringify(unknown)}, but ${PARTS.join(", ")}`);
  }
  const { properties, references, warnings } = result;
  if (properties !== undefined) checkProperties(properties);
  if (references !== undefined) checkReferences(references);
  if (warnings !== undefined && !isTextList(warnings)) throw new TypeError("warnings must be a list of strings");
  return result;
}

function checkProperties(properties: unknown): void {
  if (!isRecord(properties)) throw new TypeError("properties must be an object");
  for (const [name, value] of Object.entries(properties)) {
    if (name === "" || /[/\u0000-\u001f]/.test(name)) {
      throw new TypeError(`a property cannot be named ${JSON.stringify(name)}`);
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
      throw new TypeError(`the kind of a reference must be of ${LINK_KINDS.join(", ")}`);
    }
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const nameOfKind = (value: unknown): string => (Array.isArray(value) ? "a list" : `a ${typeof value}`);

const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");

const isPropertyValue = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "boolean" || Number.isFinite(value) || isTextList(value);
