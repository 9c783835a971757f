import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions, SystemStatus } from "../options.js";
import { healthSchema, systemStatusSchema } from "../representations.js";
import { noQuerySchema } from "../schemas.js";
import { jsonResponses, problemResponses } from "./responses.js";

/** GET healthz and readyz. Up or down and no more: these two are open to all. */
export function addHealth(app: OpenAPIHono<AppEnv>, { ready }: ResolvedHttpOptions): void {
  const health = { content: { "application/json": { schema: healthSchema } } };
  const healthz = createRoute({
    method: "get",
    path: "/healthz",
    operationId: "healthz",
    summary: "Up, wherever it can answer",
    security: [],
    responses: { 200: { description: "Up", ...health }, default: problemResponses.default },
  });
  app.openapi(healthz, (c) => c.json({ status: "up" as const }, 200));
  const readyz = createRoute({
    method: "get",
    path: "/readyz",
    operationId: "readyz",
    summary: "Up where requests can be served",
    security: [],
    responses: {
      200: { description: "Up", ...health },
      503: { description: "Down", content: { ...health.content, ...problemResponses.default.content } },
      default: problemResponses.default,
    },
  });
  app.openapi(readyz, async (c) =>
    (await isReady(ready)) ? c.json({ status: "up" as const }, 200) : c.json({ status: "down" as const }, 503),
  );
}

const isReady = (ready: ResolvedHttpOptions["ready"]): Promise<boolean> =>
  Promise.resolve()
    .then(ready)
    .catch(() => false);

/** The sibling GET system/status. */
export function addSystemStatus(app: OpenAPIHono<AppEnv>, { siblingPath, system, ready }: ResolvedHttpOptions): void {
  const route = createRoute({
    method: "get",
    path: `${siblingPath}/system/status`,
    operationId: "systemStatus",
    summary: "Whether assets live in a database, and whether that can be reached",
    request: { query: noQuerySchema },
    responses: jsonResponses(systemStatusSchema, "As it is now"),
  });
  const unsaid = async (): Promise<SystemStatus> => ({
    isDatabase: false,
    databaseConnectionCheck: (await isReady(ready)) ? "passed" : "failed",
  });
  app.openapi(route, async (c) => {
    const { isDatabase, databaseConnectionCheck } = await (system ?? unsaid)();
    return c.json({ isDatabase, databaseConnectionCheck }, 200);
  });
}
