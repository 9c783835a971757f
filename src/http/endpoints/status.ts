import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { historyText } from "../history-text.js";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions } from "../options.js";
import { queryOf } from "../query.js";
import { historySchema, jobReportSchema } from "../representations.js";
import { historyQuerySchema, jobQuerySchema } from "../schemas.js";
import { HISTORY_EXAMPLE, JOB_EXAMPLE } from "../examples.js";
import { streamResponse } from "../stream-response.js";
import { validate } from "../validation.js";
import { jsonResponses } from "./responses.js";

/** Adds GET status and history. */
export function addStatus(app: OpenAPIHono<AppEnv>, { basePath, historyLimit, onError }: ResolvedHttpOptions): void {
  const status = createRoute({
    method: "get",
    path: `${basePath}/status`,
    operationId: "status",
    summary: "Get a job's status",
    request: { query: jobQuerySchema },
    responses: jsonResponses(jobReportSchema, "The job's current status", JOB_EXAMPLE),
  });
  app.openapi(status, async (c) => {
    const { processingId } = c.req.valid("query");
    return c.json(await c.var.operator.status(processingId), 200);
  });
  const path = `${basePath}/history`;
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "get",
      path,
      operationId: "history",
      summary: "List the latest jobs",
      description: "A page has `limit` jobs, or fewer where they are large. `next` leads to the jobs that follow.",
      request: { query: historyQuerySchema },
      responses: jsonResponses(historySchema, "Jobs, newest first", HISTORY_EXAMPLE),
    }),
  );
  app.get(path, async (c) => {
    const query = validate(historyQuerySchema, queryOf(c.req.url));
    const page = await c.var.operator.history({ limit: historyLimit, ...query });
    const headers = { "Content-Type": "application/json" };
    return c.req.method === "HEAD" ? c.body(null, 200, headers) : streamResponse(historyText(page), headers, onError);
  });
}
