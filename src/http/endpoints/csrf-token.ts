import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { CsrfTokens } from "../auth/csrf-tokens.js";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions } from "../options.js";
import { csrfTokenSchema } from "../representations.js";
import { noQuerySchema } from "../schemas.js";
import { jsonResponses } from "./responses.js";

/** GET csrf-token: what a caller that is known by a cookie sends back as `CSRF-Token` with each state change. */
export function addCsrfToken(app: OpenAPIHono<AppEnv>, { basePath }: ResolvedHttpOptions, tokens: CsrfTokens): void {
  const route = createRoute({
    method: "get",
    path: `${basePath}/csrf-token`,
    operationId: "csrfToken",
    summary: "A token for the state changes of a caller that is known by a cookie",
    request: { query: noQuerySchema },
    responses: jsonResponses(csrfTokenSchema, "Good for this session, for an hour; sent back in a CSRF-Token header"),
  });
  app.openapi(route, (c) => c.json({ token: tokens.issue(c.var.principal) }, 200));
}
