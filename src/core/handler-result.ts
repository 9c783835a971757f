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

/** A handler's result, if it is one; else an error that names the part that is none. */
export function checkResult(result: HandlerResult): HandlerResult {
  if (typeof result !== "object") throw new TypeError(`the handler returned a ${typeof result}, not a HandlerResult`);
  for (const [name, value] of Object.entries(result.properties ?? {})) {
    if (name === "" || name.includes("/")) throw new TypeError(`a property cannot be named ${JSON.stringify(name)}`);
    if (!isPropertyValue(value)) {
      throw new TypeError(`property ${name} must be a string, a finite number, a boolean or a list of strings`);
    }
  }
  for (const part of ["references", "warnings"] as const) {
    if (result[part] !== undefined && !Array.isArray(result[part])) throw new TypeError(`${part} must be a list`);
  }
  if (result.references?.some((reference) => typeof reference?.target !== "string")) {
    throw new TypeError("each reference must have a target");
  }
  return result;
}

const isPropertyValue = (value: unknown): boolean =>
  typeof value === "string" ||
  typeof value === "boolean" ||
  Number.isFinite(value) ||
  (Array.isArray(value) && value.every((item) => typeof item === "string"));
