import type { z } from "@hono/zod-openapi";
import { PROBLEM_EXAMPLES } from "../examples.js";
import { problemSchema } from "../representations.js";

const problem = (status: keyof typeof PROBLEM_EXAMPLES, description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema, example: PROBLEM_EXAMPLES[status] } },
});

const header = (type: "string" | "integer", description: string, example: string | number) => ({
  description,
  schema: { type, ...(type === "integer" ? { minimum: 1 } : {}) },
  example,
});

/** Error responses that every endpoint may return. */
export const problemResponses = {
  400: problem(400, "The request is invalid, or the job's status does not allow it"),
  401: {
    ...problem(401, "The caller is not authenticated or not permitted"),
    headers: {
      "WWW-Authenticate": header(
        "string",
        "How to authenticate: one challenge for each way",
        'Basic realm="assetmill"',
      ),
    },
  },
  429: {
    ...problem(429, "Too many requests; Retry-After says when to retry"),
    headers: { "Retry-After": header("integer", "Seconds to wait before the next try", 30) },
  },
  500: problem(500, "The server failed, or the repository or the job store cannot be reached"),
  default: problem(
    "default",
    "With semantic status codes: 403, 404, 409, 413, 415 or 503. With any: 404 for an unknown endpoint, 405, and 408, 413, 414, 417 or 431 for what cannot be received",
  ),
};

/** Error responses of endpoints that read a body. */
export const bodyProblemResponses = {
  ...problemResponses,
  408: problem(408, "The body did not arrive in time"),
};

const OK = 200 as const;

/** Documents a JSON response of this schema with an example. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string, example: z.output<Schema>) => ({
  description,
  content: { "application/json": { schema, example: example as unknown } },
});

/** Documents a JSON response of this schema, and the error responses. */
export const jsonResponses = <Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  example: z.output<Schema>,
) => ({ [OK]: json(schema, description, example), ...problemResponses });

/** The same for endpoints that read a body. */
export const bodyJsonResponses = <Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  example: z.output<Schema>,
) => ({ [OK]: json(schema, description, example), ...bodyProblemResponses });

/** Documents a required JSON body of this schema. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema, example: z.input<Schema>) => ({
  required: true,
  content: { "application/json": { schema, example: example as unknown } },
});
