import type { z } from "@hono/zod-openapi";
import { problemSchema } from "../representations.js";

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

/** What every endpoint may answer instead of what was asked for. */
export const problemResponses = {
  400: problem("The request cannot be taken, or the job does not allow it"),
  401: problem("The caller is not known, or may not do this"),
  429: problem("Too many requests; Retry-After says when to come again"),
  500: problem("The server failed, or the repository or the store cannot be reached"),
  default: problem("Where the statuses are chosen by meaning: 403, 404, 409, 413, 415, 503"),
};

const OK = 200 as const;

/** A JSON answer of this schema, or a problem. */
export const jsonResponses = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  [OK]: { description, content: { "application/json": { schema } } },
  ...problemResponses,
});

/** A body that has to be JSON of this schema. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { "application/json": { schema } },
});
