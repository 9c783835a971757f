import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { CsrfTokens } from "./auth/csrf-tokens.js";
import { answers } from "./endpoints/answers.js";
import type { AppEnv } from "./guards.js";

const csrfTokenSchema = z.object({ token: z.string() }).openapi("CsrfToken");

/** Adds `csrf-token`: what a caller that is known by a cookie sends back as `CSRF-Token` with each state change. */
export function addCsrfToken(app: OpenAPIHono<AppEnv>, basePath: string, tokens: CsrfTokens): void {
  const route = createRoute({
    method: "get",
    path: `${basePath}/csrf-token`,
    operationId: "csrfToken",
    summary: "A token for state changes of callers that are known by a cookie",
    responses: answers(csrfTokenSchema, "Good for this session, for an hour"),
  });
  app.openapi(route, (c) => c.json({ token: tokens.issue(c.var.principal) }, 200));
}
