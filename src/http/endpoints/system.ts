import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions, SystemStatus } from "../options.js";
import { SYSTEM_STATUS_EXAMPLE } from "../examples.js";
import { healthSchema, systemStatusSchema } from "../representations.js";
import { noQuerySchema } from "../schemas.js";
import { json, jsonResponses, problemResponses } from "./responses.js";

/** Adds GET healthz and readyz. They only report up or down, because they need no authentication. */
export function addHealth(app: OpenAPIHono<AppEnv>, { ready }: ResolvedHttpOptions): void {
  const up = json(healthSchema, "Up", { status: "up" });
  const down = json(healthSchema, "Down", { status: "down" });
  const healthz = createRoute({
    method: "get",
    path: "/healthz",
    operationId: "healthz",
    summary: "Check that the server is running",
    security: [],
    responses: { 200: up, default: problemResponses.default },
  });
  app.openapi(healthz, (c) => c.json({ status: "up" as const }, 200));
  const readyz = createRoute({
    method: "get",
    path: "/readyz",
    operationId: "readyz",
    summary: "Check that the server can serve requests",
    security: [],
    responses: {
      200: up,
      503: { ...down, content: { ...down.content, ...problemResponses.default.content } },
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

/** Adds the sibling endpoint GET system/status. */
export function addSystemStatus(app: OpenAPIHono<AppEnv>, { siblingPath, system, ready }: ResolvedHttpOptions): void {
  const route = createRoute({
    method: "get",
    path: `${siblingPath}/system/status`,
    operationId: "systemStatus",
    summary: "Get whether assets live in a database, and whether it is reachable",
    request: { query: noQuerySchema },
    responses: jsonResponses(systemStatusSchema, "Current system status", SYSTEM_STATUS_EXAMPLE),
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
