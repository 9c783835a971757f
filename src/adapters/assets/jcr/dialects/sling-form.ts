import { childPath } from "../../../../core/asset/path.js";
import { type BinaryInput, type Change, isBinaryInput, isLong, type JcrInput, type NewNode } from "./dialect.js";
import { numberText, wellFormed } from "./diff.js";
import type { Part } from "../client/multipart.js";

/** Returns the path of the node that a change affects. */
export const addressOf = (change: Change): string => ("path" in change ? change.path : change.node);

/** Moves contents to the front: values may depend on them. */
export const contentsFirst = (parts: readonly Part[]): readonly Part[] => [
  ...parts.filter((part) => "content" in part),
  ...parts.filter((part) => !("content" in part)),
];

/** Returns whether a node has a binary that is known to be empty. */
export const holdsEmpty = ({ properties = {}, children = {} }: NewNode): boolean =>
  Object.values(properties).some((value) => isBinaryInput(value) && value.isEmpty) ||
  Object.values(children).some(holdsEmpty);

/** Returns a node as JSON for Sling's importer, which recognises dates by their format. */
export const importOf = ({ primaryType, properties = {}, children = {} }: NewNode): object => ({
  "jcr:primaryType": primaryType,
  ...Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      typeof value === "function" ? value() : isBinaryInput(value) ? "" : value,
    ]),
  ),
  ...Object.fromEntries(Object.entries(children).map(([name, child]) => [name, importOf(child)])),
});

/** Returns a change as parameters of Sling's POST. */
export function partsOf(change: Change): Part[] {
  if (change.kind === "add") return nodeParts(change.path, change.node);
  if (change.kind === "delete") return [{ name: `${change.path}@Delete`, text: "true" }];
  const path = childPath(change.node, change.name);
  if (change.kind === "unset") return [{ name: `${path}@Delete`, text: "true" }];
  // Posting a single value over a list leaves a list: delete it first.
  const before = change.kind === "reset" ? [{ name: `${path}@Delete`, text: "true" }] : [];
  return [...before, ...valueParts(path, change.value)];
}

function nodeParts(path: string, { primaryType, properties = {}, children = {} }: NewNode): Part[] {
  // Sling creates a file and its jcr:content from the posted content.
  const isPosted = primaryType === "nt:file" || "jcr:data" in properties;
  return [
    ...(isPosted ? [] : [{ name: `${path}/jcr:primaryType`, text: primaryType }]),
    ...Object.entries(properties).flatMap(([name, value]) => valueParts(childPath(path, name), value)),
    ...Object.entries(children).flatMap(([name, child]) => nodeParts(childPath(path, name), child)),
  ];
}

function valueParts(path: string, value: JcrInput): Part[] {
  if (typeof value === "function") {
    const known = value;
    const type = typeof known() === "number" ? "Long" : "String";
    return [
      { name: path, text: () => String(known()) },
      { name: `${path}@TypeHint`, text: type },
    ];
  }
  if (isBinaryInput(value)) {
    // A file is posted to its nt:file node; Sling creates the jcr:content.
    return [{ name: path.replace(/\/jcr:content\/jcr:data$/, ""), content: value.binary }];
  }
  const [type, texts] = typedTexts(value);
  return [...texts.map((text) => ({ name: path, text })), { name: `${path}@TypeHint`, text: type }];
}

function typedTexts(
  value: Exclude<JcrInput, BinaryInput | (() => unknown)>,
): readonly [type: string, texts: readonly string[]] {
  if (typeof value === "string") return ["String", [wellFormed(value)]];
  if (typeof value === "boolean") return ["Boolean", [String(value)]];
  if (typeof value === "number") return [isLong(value) ? "Long" : "Double", [numberText(value)]];
  return value instanceof Date ? ["Date", [value.toISOString()]] : ["String[]", value.map(wellFormed)];
}
