import { createRoute, type z } from "@hono/zod-openapi";
import { jobReportSchema, logPageSchema, problemSchema, startedSchema } from "./representations.js";
import { logsQuerySchema, noQuerySchema, startRequestSchema, statusQuerySchema } from "./schemas.js";

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

const answers = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  200: { description, content: { "application/json": { schema } } },
  400: problem("The request cannot be taken"),
  401: problem("The caller is not known, or may not do this"),
  500: problem("The server failed"),
  default: problem("Any other error"),
});

/** What is asked and answered at each endpoint: the source of validation, types and the OpenAPI document. */
export const endpoints = {
  start: (base: string) =>
    createRoute({
      method: "post",
      path: base,
      operationId: "start",
      summary: "Starts a job",
      request: {
        query: noQuerySchema,
        body: { required: true, content: { "application/json": { schema: startRequestSchema } } },
      },
      responses: answers(startedSchema, "The job is durable"),
    }),
  status: (base: string) =>
    createRoute({
      method: "get",
      path: `${base}/status`,
      operationId: "status",
      summary: "A job's status",
      request: { query: statusQuerySchema },
      responses: answers(jobReportSchema, "The job as it is now"),
    }),
  logs: (base: string) =>
    createRoute({
      method: "get",
      path: `${base}/logs`,
      operationId: "logs",
      summary: "Lines of a job's log",
      request: { query: logsQuerySchema },
      responses: answers(logPageSchema, "Lines with stable numbers"),
    }),
};
