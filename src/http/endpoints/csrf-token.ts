import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { CsrfTokens } from "../auth/csrf-tokens.js";
import type { AppEnv } from "../middleware.js";
import type { ResolvedHttpOptions } from "../options.js";
import { CSRF_TOKEN_EXAMPLE } from "../examples.js";
import { csrfTokenSchema } from "../representations.js";
import { noQuerySchema } from "../schemas.js";
import { jsonResponses } from "./responses.js";

/** Adds GET csrf-token. Callers authenticated by a cookie send the token as `CSRF-Token` with each state change. */
export function addCsrfToken(app: OpenAPIHono<AppEnv>, { basePath }: ResolvedHttpOptions, tokens: CsrfTokens): void {
  const route = createRoute({
    method: "get",
    path: `${basePath}/csrf-token`,
    operationId: "csrfToken",
    summary: "Get a CSRF token, required for state changes by callers authenticated by a cookie",
    request: { query: noQuerySchema },
    responses: jsonResponses(
      csrfTokenSchema,
      "A token valid for this session for one hour; send it in the CSRF-Token header",
      CSRF_TOKEN_EXAMPLE,
    ),
  });
  app.openapi(route, (c) => c.json({ token: tokens.issue(c.var.principal) }, 200));
}
