import { z } from "@hono/zod-openapi";
import { MAX_PATH_BYTES } from "../core/asset/path-length.js";
import { PATH_PATTERN } from "../core/asset/path-pattern.js";

/** An object schema that refuses unknown fields and lists the known ones in its message. */
export const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `unknown field; expected ${Object.keys(shape).join(", ") || "none"}`
        : undefined,
  });

/** A required string; its message distinguishes a missing value from one of the wrong type. */
export const required = (maxLength: number) =>
  z
    .string({ error: (issue) => (issue.input === undefined || issue.input === null ? "is required" : undefined) })
    .min(1, "must not be empty")
    .max(maxLength);

/** What the document says about a path. The operator checks it, with a message for each reason. */
export const PATH_FORM = { type: "string", minLength: 1, maxLength: MAX_PATH_BYTES, pattern: PATH_PATTERN } as const;

/** A path in a body. A component of the document, because its pattern is long. */
export const pathText = z
  .string()
  .max(MAX_PATH_BYTES)
  .openapi("Path", {
    ...PATH_FORM,
    description:
      "Absolute path of a folder or a single asset, of at most 4,096 bytes (UTF-8). No segment is `.` or `..`",
  });

/** Documents whole numbers that may exceed 32 bits: many generators take a plain integer for a smaller one. */
export const INT64 = { format: "int64" } as const;
