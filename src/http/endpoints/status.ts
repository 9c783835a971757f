import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions } from "../options.js";
import { historySchema, jobReportSchema } from "../representations.js";
import { historyQuerySchema, jobQuerySchema } from "../schemas.js";
import { HISTORY_EXAMPLE, JOB_EXAMPLE } from "../examples.js";
import { jsonResponses } from "./responses.js";

/** Adds GET status and history. */
export function addStatus(app: OpenAPIHono<AppEnv>, { basePath, historyLimit }: ResolvedHttpOptions): void {
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
  const history = createRoute({
    method: "get",
    path: `${basePath}/history`,
    operationId: "history",
    summary: "List the latest jobs",
    request: { query: historyQuerySchema },
    responses: jsonResponses(historySchema, "Jobs, newest first", HISTORY_EXAMPLE),
  });
  app.openapi(history, async (c) => {
    const executionHistory = await c.var.operator.history({ limit: historyLimit, ...c.req.valid("query") });
    return c.json({ executionHistory }, 200);
  });
}
