import type { z } from "@hono/zod-openapi";
import { AssetmillError, type FieldError } from "../core/errors.js";

/** Enough to act on; a caller that got everything wrong is not told a million times. */
const MAX_REPORTED = 20;

/** What a schema's complaints amount to: UNKNOWN_FIELD where a field is not known, else INVALID_PARAMETER. */
export function validationError(error: z.core.$ZodError): AssetmillError {
  const unknown = error.issues.some((issue) => issue.code === "unrecognized_keys");
  const fields = error.issues.flatMap(fieldErrors).slice(0, MAX_REPORTED);
  const detail = fields.slice(0, 3).map(({ field, message }) => `${field}: ${message}`);
  const more = fields.length > 3 ? [`and ${fields.length - 3} more`] : [];
  return new AssetmillError(unknown ? "UNKNOWN_FIELD" : "INVALID_PARAMETER", [...detail, ...more].join("; "), {
    ids: { field: fields[0]?.field ?? "body" },
    fields,
  });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code !== "unrecognized_keys") return [{ field: fieldName(issue.path), message: issue.message }];
  return issue.keys
    .slice(0, MAX_REPORTED)
    .map((key) => ({ field: fieldName([...issue.path, key]), message: issue.message }));
}

/** `filter.fileTypes`, `paths[3]`; the whole of it is the `body`. */
function fieldName(path: readonly PropertyKey[]): string {
  const name = path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`))
    .join("");
  return clip(name) || (path.length === 0 ? "body" : '""');
}

/** A caller's own text in an answer, shortened. */
export const clip = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 100)}…`);

/** The value in the schema's form, or a refusal that names what is wrong. */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw validationError(result.error);
  return result.data;
}
