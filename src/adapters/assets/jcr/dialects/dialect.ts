import type { JcrNode } from "./jcr-node.js";
import type { DialectName } from "../options.js";

/** Content on its way in; called once a try. */
export interface BinaryInput {
  readonly binary: () => AsyncIterable<Uint8Array>;
  /** True where it is known to have no byte. */
  readonly isEmpty?: boolean;
}

/**
 * What a property is set to. Numbers become LONG where they are whole and exact, DOUBLE otherwise. A function is called
 * once the contents that are sent with it were read.
 */
export type JcrInput = string | number | boolean | readonly string[] | Date | BinaryInput | (() => string | number);

export interface NewNode {
  readonly primaryType: string;
  readonly properties?: Readonly<Record<string, JcrInput>>;
  readonly children?: Readonly<Record<string, NewNode>>;
}

export type Change =
  /** The node must be there: nothing is made on the way. */
  | { readonly kind: "set"; readonly node: string; readonly name: string; readonly value: JcrInput }
  /** The same, for a property that may have been of the other kind, single or multiple, before. */
  | { readonly kind: "reset"; readonly node: string; readonly name: string; readonly value: JcrInput }
  | { readonly kind: "unset"; readonly node: string; readonly name: string }
  /** A node, and all below it. */
  | { readonly kind: "delete"; readonly path: string }
  /** Its parent must be there, and nothing at its path. */
  | { readonly kind: "add"; readonly path: string; readonly node: NewNode };

/** A node's own properties, and its children's names. */
export interface Listing {
  readonly node: JcrNode;
  readonly names: readonly string[];
}

/** Sees children's names as they come; false ends the listing. */
export type VisitChild = (name: string) => boolean | void;

/**
 * One way to speak with a JCR server. A node that the user may not read is not there, for all of it.
 * Errors: UNAVAILABLE, JcrFault, what `signal` was aborted with.
 */
export interface JcrDialect {
  readonly name: DialectName;

  /** A node's own properties, its children's names handed out one by one, however many. Undefined where none is. */
  list(path: string, visit: VisitChild, signal?: AbortSignal): Promise<JcrNode | undefined>;

  /**
   * Several such listings in one request, as many of them as hold `most` names together; given where that costs less than
   * one by one. Those beyond, and those of nodes that are not there, are left out.
   */
  listAll?(paths: readonly string[], most: number, signal?: AbortSignal): Promise<ReadonlyMap<string, Listing>>;

  /** Nodes to a depth (0: properties and children's names), in the order asked; undefined where none is. */
  read(paths: readonly string[], depth: number, signal?: AbortSignal): Promise<readonly (JcrNode | undefined)[]>;

  /** Whether somebody's lock covers what is below each folder: one of its own, or a deep one above. */
  lockedBelow(folders: readonly string[], signal?: AbortSignal): Promise<readonly boolean[]>;

  /** All of it or nothing, in one save. Where the answer was lost it fails as UNAVAILABLE, and may have been done. */
  write(changes: readonly Change[], signal?: AbortSignal): Promise<void>;

  /** The `jcr:data` of a node, in pieces; undefined where there is none. */
  content(node: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export const isBinaryInput = (value: JcrInput): value is BinaryInput =>
  typeof value === "object" && !(value instanceof Date) && "binary" in value;

/** Whole and exact: what is a LONG. `-0` is none. */
export const isLong = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0);
