import { createHash } from "node:crypto";
import { type Change, isBinaryInput, isLong, type JcrInput, type NewNode } from "./dialect.js";
import type { Part } from "../client/multipart.js";
import { childPath } from "../../../../core/asset/path.js";

/**
 * Returns changes as one `:diff` and the parts that its values refer to: one save, all or nothing. The diff comes last: its
 * values may depend on contents sent before it, and a request that breaks off changes nothing.
 */
export function diffOf(changes: readonly Change[]): readonly Part[] {
  const values: Part[] = [];
  // Run now to collect the parts, and again for the text, when all values are known.
  changes.forEach((change) => linesOf(change, values));
  // No line end after the last line: the server would read it as part of the last value.
  return [...values, { name: ":diff", text: () => changes.flatMap((change) => linesOf(change, [])).join("\n") }];
}

function linesOf(change: Change, parts: Part[]): string[] {
  if (change.kind === "add") return addLines(change.path, change.node, parts);
  if (change.kind === "delete") return [`-${change.path} : `];
  const path = childPath(change.node, change.name);
  // The server needs the blank even before an empty value.
  if (change.kind === "unset") return [`^${path} : `];
  const set = `^${path} : ${valueOf(path, change.value, parts) ?? ""}`;
  return change.kind === "reset" ? [`^${path} : `, set] : [set];
}

/** Adds a node. A path with a quote or backslash cannot be the name of a part on every server: that node is added under another name and moved. */
function addLines(path: string, node: NewNode, parts: Part[]): string[] {
  if (!/["\\]/.test(path)) return [`+${path} : ${jsonOf(path, node, parts)}`];
  const beside = `${path.replace(/["\\]/g, "~")}~${createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
  return [`+${beside} : ${jsonOf(beside, node, parts)}`, `>${beside} : ${path}`];
}

/** Builds JSON text by hand: JSON.stringify would write the DOUBLE `5.0` as `5`, a LONG. */
function jsonOf(path: string, { primaryType, properties = {}, children = {} }: NewNode, parts: Part[]): string {
  const members = [`"jcr:primaryType":${JSON.stringify(primaryType)}`];
  for (const [name, value] of Object.entries(properties)) {
    // null refers to the part of that name.
    members.push(`${JSON.stringify(name)}:${valueOf(childPath(path, name), value, parts) ?? "null"}`);
  }
  for (const [name, child] of Object.entries(children)) {
    members.push(`${JSON.stringify(name)}:${jsonOf(childPath(path, name), child, parts)}`);
  }
  return `{${members.join(",")}}`;
}

/** Returns a value as text for a line. If it needs a part of its own, adds that and returns undefined. */
function valueOf(path: string, value: JcrInput, parts: Part[]): string | undefined {
  if (typeof value === "function") return valueOf(path, value(), parts);
  if (typeof value === "string") return JSON.stringify(wellFormed(value));
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return String(value);
  if (value instanceof Date) parts.push({ name: path, text: value.toISOString(), type: "jcr-value/date" });
  else if (isBinaryInput(value)) parts.push({ name: path, content: value.binary });
  else return JSON.stringify(value.map(wellFormed));
  return undefined;
}

/** Formats a number as Java reads it: a DOUBLE always has a point, and `1e+21` is written `1.0E21`. */
export function numberText(value: number): string {
  if (isLong(value)) return String(value);
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent] = String(value).split("e");
  const digits = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? digits : `${digits}E${exponent.replace("+", "")}`;
}

/** Replaces unpaired surrogates: UTF-8 storage would silently corrupt them. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "\ufffd");
