import type { z } from "@hono/zod-openapi";
import { problemSchema } from "../representations.js";

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

/** Error responses that every endpoint may return. */
export const problemResponses = {
  400: problem("The request is invalid, or the job's status does not allow it"),
  401: problem("The caller is not authenticated or not permitted"),
  429: problem("Too many requests; Retry-After says when to retry"),
  500: problem("The server failed, or the repository or the job store cannot be reached"),
  default: problem("With semantic status codes: 403, 404, 409, 413, 415 or 503"),
};

const OK = 200 as const;

/** Documents a JSON response of this schema, and the error responses. */
export const jsonResponses = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  [OK]: { description, content: { "application/json": { schema } } },
  ...problemResponses,
});

/** Documents a required JSON body of this schema. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true,
  content: { "application/json": { schema } },
});
