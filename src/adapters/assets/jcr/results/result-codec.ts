import type { AssetReference, PropertyValue } from "../../../../core/asset/handler-result.js";
import type { AssetResult, AssetWrite } from "../../../../core/asset/asset-result.js";
import type { Stamp, StampBasis } from "../../../../core/asset/stamp.js";
import type { Change, JcrInput } from "../dialects/dialect.js";
import { wellFormed } from "../dialects/diff.js";
import { type JcrNode, type JcrProperty, textsOf } from "../dialects/jcr-node.js";

/**
 * Format of results on a node, in properties whose names no one else uses:
 *
 * - `assetmill_NAME`: a handler's property, with its type. In NAME, characters other than letters, digits, `.`, `-` and `_`
 *   are written as `~` and four hexadecimal digits. A text that is empty or begins with `~` gets another `~` in front: Sling
 *   deletes empty ones. A list of the single text `~0` stands for the empty list.
 * - `assetmillRefs_HANDLER`: its references, one JSON object per text.
 * - `assetmillStamp`: texts of the form `KEY=VALUE`; `basis` is JSON, and missing in stamps of older versions.
 */
const PROPERTY = "assetmill_";
const REFERENCES = "assetmillRefs_";
const STAMP = "assetmillStamp";
const EMPTY_LIST = ["~0"];

export const escapedName = (name: string): string =>
  wellFormed(name).replace(/[^A-Za-z0-9._-]/g, (unit) => `~${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const unescapedName = (name: string): string =>
  name.replace(/~([0-9a-f]{4})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const escapedText = (text: string): string => (text === "" || text.startsWith("~") ? `~${text}` : text);
const unescapedText = (text: string): string => (text.startsWith("~") ? text.slice(1) : text);

/** Returns the changes that merge these results over those on a node. */
export function changesOf(write: AssetWrite, node: string, before: JcrNode | undefined, atMs: number): Change[] {
  return [...Object.entries(propertiesOf(write, atMs))].flatMap(([name, value]): Change[] => {
    const old = before?.properties.get(name);
    if (value === undefined) return old ? [{ kind: "unset", node, name }] : [];
    const kind = old !== undefined && Array.isArray(old.value) !== Array.isArray(value) ? "reset" : "set";
    return [{ kind, node, name, value }];
  });
}

/** Returns these results as properties; undefined for one that must not exist. */
export function propertiesOf(write: AssetWrite, atMs: number): Record<string, JcrInput | undefined> {
  const entries: [string, JcrInput | undefined][] = [
    ...Object.entries(write.properties).map(([name, value]): [string, JcrInput] => [
      PROPERTY + escapedName(name),
      inputOf(value),
    ]),
    ...Object.entries(write.references).map(([handler, list]): [string, JcrInput | undefined] => [
      REFERENCES + escapedName(handler),
      list.length === 0 ? undefined : list.map((reference) => JSON.stringify(reference)),
    ]),
    [STAMP, stampTexts(write, atMs)],
  ];
  return Object.fromEntries(entries);
}

function inputOf(value: PropertyValue): JcrInput {
  if (typeof value === "string") return escapedText(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  return value.length === 0 ? EMPTY_LIST : value.map(escapedText);
}

const stampTexts = ({ stamp, jobId }: AssetWrite, atMs: number): readonly string[] => [
  `job=${jobId}`,
  `at=${Math.round(atMs)}`,
  `size=${stamp.sizeBytes}`,
  `modified=${stamp.modifiedMs}`,
  ...(stamp.contentHash === null ? [] : [`hash=${stamp.contentHash}`]),
  ...Object.entries(stamp.handlers).map(([name, version]) => `handler:${name}=${version}`),
  ...(stamp.basis ? [`basis=${JSON.stringify(stamp.basis)}`] : []),
];

/** Reads an asset's results from a node; undefined if there are none. */
export function resultOf(path: string, node: JcrNode | undefined): AssetResult | undefined {
  const texts = textsOf(node, STAMP);
  if (!node || texts.length === 0) return undefined;
  const facts = new Map(texts.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]));
  const members = [...node.properties];
  return {
    path,
    properties: Object.fromEntries(
      members
        .filter(([name]) => name.startsWith(PROPERTY))
        .map(([name, property]) => [unescapedName(name.slice(PROPERTY.length)), valueOf(property)]),
    ),
    references: members
      .filter(([name]) => name.startsWith(REFERENCES))
      .flatMap(([name]) =>
        textsOf(node, name).map((text) => ({
          ...(JSON.parse(text) as AssetReference),
          handler: unescapedName(name.slice(REFERENCES.length)),
        })),
      ),
    stamp: stampOf(facts),
    jobId: facts.get("job") ?? "",
    at: Number(facts.get("at") ?? 0),
  };
}

const HANDLER = "handler:";

const basisOf = (facts: ReadonlyMap<string, string>): Pick<Stamp, "basis"> => {
  const text = facts.get("basis");
  return text === undefined ? {} : { basis: JSON.parse(text) as StampBasis };
};

const stampOf = (facts: ReadonlyMap<string, string>): Stamp => ({
  sizeBytes: Number(facts.get("size") ?? 0),
  modifiedMs: Number(facts.get("modified") ?? 0),
  contentHash: facts.get("hash") ?? null,
  handlers: Object.fromEntries(
    [...facts].filter(([key]) => key.startsWith(HANDLER)).map(([key, version]) => [key.slice(HANDLER.length), version]),
  ),
  ...basisOf(facts),
});

function valueOf({ value }: JcrProperty): PropertyValue {
  if (typeof value === "string") return unescapedText(value);
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return value;
  const texts = value.map(String);
  return texts.length === 1 && texts[0] === EMPTY_LIST[0] ? [] : texts.map(unescapedText);
}
