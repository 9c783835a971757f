import { createHash } from "node:crypto";
import { type Change, isBinaryInput, isLong, type JcrInput, type NewNode } from "./dialect.js";
import type { Part } from "../client/multipart.js";
import { childPath } from "../../../../core/asset/path.js";

/**
 * Changes as one `:diff` and the parts that its values refer to: one save, all or nothing. The diff comes last, so that a
 * value may be known only once the contents before it were sent, and so that what breaks off changes nothing.
 */
export function diffOf(changes: readonly Change[]): readonly Part[] {
  const values: Part[] = [];
  // Once for the parts, once for the text: what is not known yet is looked up then.
  changes.forEach((change) => linesOf(change, values));
  // No line end after the last line: the server would take it for a part of the last value.
  return [...values, { name: ":diff", text: () => changes.flatMap((change) => linesOf(change, [])).join("\n") }];
}

function linesOf(change: Change, parts: Part[]): string[] {
  if (change.kind === "add") return addLines(change.path, change.node, parts);
  if (change.kind === "delete") return [`-${change.path} : `];
  const path = childPath(change.node, change.name);
  // The blank before an empty value is needed, too.
  if (change.kind === "unset") return [`^${path} : `];
  const set = `^${path} : ${valueOf(path, change.value, parts) ?? ""}`;
  return change.kind === "reset" ? [`^${path} : `, set] : [set];
}

/** Parts are named by path, and a quote in a part's name cannot be told to every server: such a node is made beside, and moved. */
function addLines(path: string, node: NewNode, parts: Part[]): string[] {
  if (!/["\\]/.test(path)) return [`+${path} : ${jsonOf(path, node, parts)}`];
  const beside = `${path.replace(/["\\]/g, "~")}~${createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
  return [`+${beside} : ${jsonOf(beside, node, parts)}`, `>${beside} : ${path}`];
}

/** Written by hand: a JSON text keeps `5.0` a DOUBLE, which an object would not. */
function jsonOf(path: string, { primaryType, properties = {}, children = {} }: NewNode, parts: Part[]): string {
  const members = [`"jcr:primaryType":${JSON.stringify(primaryType)}`];
  for (const [name, value] of Object.entries(properties)) {
    // null: the value is in the part of that name.
    members.push(`${JSON.stringify(name)}:${valueOf(childPath(path, name), value, parts) ?? "null"}`);
  }
  for (const [name, child] of Object.entries(children)) {
    members.push(`${JSON.stringify(name)}:${jsonOf(childPath(path, name), child, parts)}`);
  }
  return `{${members.join(",")}}`;
}

/** A value in a line; undefined where it needs a part of its own, which is added. */
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

/** A DOUBLE always has a point, and JavaScript's `1e+21` is no number to the server. */
export function numberText(value: number): string {
  if (isLong(value)) return String(value);
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent] = String(value).split("e");
  const digits = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? digits : `${digits}E${exponent.replace("+", "")}`;
}

/** Half of a surrogate pair is corrupted in silence by what stores UTF-8. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, "\ufffd");
