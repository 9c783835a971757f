import type { z } from "@hono/zod-openapi";
import { AssetmillError, type FieldError } from "../core/errors.js";

/** Limits the errors of a request in which everything is wrong. */
const MAX_REPORTED = 20;

/** Converts a schema's issues to an error: UNKNOWN_FIELD if any field is unknown, else INVALID_PARAMETER. */
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

/** Formats a field's path: `filter.fileTypes`, `paths[3]`; the root is `body`. */
function fieldName(path: readonly PropertyKey[]): string {
  const name = path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`))
    .join("");
  return clip(name) || (path.length === 0 ? "body" : '""');
}

/** Shortens a caller's text for use in a response. */
export const clip = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 100)}…`);

/** Parses the value with the schema. Throws an error that names the invalid fields. */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw validationError(result.error);
  return result.data;
}
