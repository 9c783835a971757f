import type { JcrNode } from "./jcr-node.js";
import type { DialectName } from "../options.js";

/** Content to write. `binary` is called once per try. */
export interface BinaryInput {
  readonly binary: () => AsyncIterable<Uint8Array>;
  /** True if the content is known to be empty. */
  readonly isEmpty?: boolean;
}

/**
 * A property's new value. A number becomes a LONG if it is a safe integer, else a DOUBLE. A function is called after the
 * contents in the same request have been read.
 */
export type JcrInput = string | number | boolean | readonly string[] | Date | BinaryInput | (() => string | number);

export interface NewNode {
  readonly primaryType: string;
  readonly properties?: Readonly<Record<string, JcrInput>>;
  readonly children?: Readonly<Record<string, NewNode>>;
}

export type Change =
  /** Sets a property. The node must exist: no node is created on the way. */
  | { readonly kind: "set"; readonly node: string; readonly name: string; readonly value: JcrInput }
  /** Like `set`, for a property that may change between single and multiple values. */
  | { readonly kind: "reset"; readonly node: string; readonly name: string; readonly value: JcrInput }
  | { readonly kind: "unset"; readonly node: string; readonly name: string }
  /** Deletes a node and all below it. */
  | { readonly kind: "delete"; readonly path: string }
  /** Adds a node. Its parent must exist, and the path must be free. */
  | { readonly kind: "add"; readonly path: string; readonly node: NewNode };

/** A node's own properties, and its children's names. */
export interface Listing {
  readonly node: JcrNode;
  readonly names: readonly string[];
}

/** Receives children's names one by one; false ends the listing. */
export type VisitChild = (name: string) => boolean | void;

/**
 * A protocol of JCR servers. A node that the user may not read counts as missing in every method. Errors: UNAVAILABLE,
 * JcrFault, the signal's reason.
 */
export interface JcrDialect {
  readonly name: DialectName;

  /** Reads a node's own properties and passes its children's names to `visit`, however many. Undefined if there is no node. */
  list(path: string, visit: VisitChild, signal?: AbortSignal): Promise<JcrNode | undefined>;

  /**
   * Lists several nodes in one request, up to `most` names in all; leaves out missing nodes and those beyond the limit.
   * Present only if this is cheaper than listing one by one.
   */
  listAll?(paths: readonly string[], most: number, signal?: AbortSignal): Promise<ReadonlyMap<string, Listing>>;

  /** Reads nodes to a depth (0: properties and children's names), in the order of `paths`; undefined for a missing node. */
  read(paths: readonly string[], depth: number, signal?: AbortSignal): Promise<readonly (JcrNode | undefined)[]>;

  /** Returns for each folder whether a deep lock, its own or one above, covers what is below it. */
  lockedBelow(folders: readonly string[], signal?: AbortSignal): Promise<readonly boolean[]>;

  /** Makes all changes or none, in one save. If the response is lost, throws UNAVAILABLE although they may be saved. */
  write(changes: readonly Change[], signal?: AbortSignal): Promise<void>;

  /** Streams a node's `jcr:data`; undefined if there is none. */
  content(node: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export const isBinaryInput = (value: JcrInput): value is BinaryInput =>
  typeof value === "object" && !(value instanceof Date) && "binary" in value;

/** Returns whether a number is stored as a LONG: a safe integer other than `-0`. */
export const isLong = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0);
