import { isJsonObject, type JsonObject, type JsonValue } from "../client/json-stream.js";

type JcrScalar = string | number | bigint | boolean;

/** A property as read. Of a binary only the length is known. */
export interface JcrProperty {
  readonly value: JcrScalar | readonly JcrScalar[];
  readonly isBinary?: true;
}

/** A node as far as it was read: children below the requested depth are empty. */
export interface JcrNode {
  readonly properties: ReadonlyMap<string, JcrProperty>;
  readonly children: ReadonlyMap<string, JcrNode>;
}

/** Builds a node from JSON members in the form that both dialects use. */
export class NodeBuilder implements JcrNode {
  readonly properties = new Map<string, JcrProperty>();
  readonly children = new Map<string, JcrNode>();

  /** Adds a member. `":name": "Type"`, the type of the next member, is ignored: its value tells. `":name": 5` is a binary's length. */
  add(name: string, value: JsonValue): void {
    if (isJsonObject(value)) this.children.set(name, nodeOf(value));
    else if (name === "__children__" && Array.isArray(value)) this.#addList(value as readonly JsonValue[]);
    else if (name.startsWith(":")) {
      if (typeof value === "number" && !name.startsWith("::")) {
        this.properties.set(name.slice(1), { value, isBinary: true });
      }
    } else if (value !== null) this.properties.set(name, { value: value as JcrProperty["value"] });
  }

  /** Adds children from Sling's `harray`: a list in order, with each name inside its child. */
  #addList(children: readonly JsonValue[]): void {
    for (const child of children) {
      if (!isJsonObject(child)) continue;
      const name = child.members.find(([key]) => key === "__name__")?.[1];
      const members = child.members.filter(([key]) => key !== "__name__");
      if (typeof name === "string") this.children.set(name, nodeOf({ members }));
    }
  }
}

export function nodeOf({ members }: JsonObject): JcrNode {
  const node = new NodeBuilder();
  for (const [name, value] of members) node.add(name, value);
  return node;
}

/** Returns the text of a single-valued property; undefined if it has none. */
export function textOf(node: JcrNode | undefined, name: string): string | undefined {
  const value = node?.properties.get(name)?.value;
  return typeof value === "string" ? value : undefined;
}

/** Returns all texts of a single- or multi-valued property. */
export function textsOf(node: JcrNode | undefined, name: string): readonly string[] {
  const value = node?.properties.get(name)?.value;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((item) => typeof item === "string");
}

export function numberOf(node: JcrNode | undefined, name: string): number | undefined {
  const value = node?.properties.get(name)?.value;
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  // Many applications store numbers as text.
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : undefined;
}

export const isTrue = (node: JcrNode | undefined, name: string): boolean => {
  const value = node?.properties.get(name)?.value;
  return value === true || value === "true";
};

/** Returns a date in epoch milliseconds, from either dialect's format (Sling's has no milliseconds); undefined if there is none. */
export function instantOf(node: JcrNode | undefined, name: string): number | undefined {
  const text = textOf(node, name);
  const instant = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}

export const primaryTypeOf = (node: JcrNode | undefined): string | undefined => textOf(node, "jcr:primaryType");
