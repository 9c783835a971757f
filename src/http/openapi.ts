import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonResponses } from "./endpoints/responses.js";
import type { AppEnv } from "./middleware.js";
import { noQuerySchema } from "./schemas.js";

/** Adds `openapi.json`: OpenAPI 3.1 from the schemas that validate requests. Call it after the last endpoint. */
export function describeApi(app: OpenAPIHono<AppEnv>, basePath: string): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "basic", { type: "http", scheme: "basic" });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  const path = `${basePath}/openapi.json`;
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "get",
      path,
      operationId: "openapi",
      summary: "This document",
      request: { query: noQuerySchema },
      responses: jsonResponses(z.record(z.string(), z.unknown()), "OpenAPI 3.1"),
    }),
  );
  let document: ReturnType<typeof documentOf> | undefined;
  app.get(path, (c) => c.json((document ??= documentOf(app)), 200));
}

/** What the app's endpoints ask and answer. */
export const documentOf = (app: OpenAPIHono<AppEnv>) =>
  app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "assetmill",
      // The API's, not the package's: it changes when a client would notice.
      version: "1.0.0",
      description: "Durable batch post-processing of asset trees",
    },
    security: [{ basic: [] }, { bearer: [] }],
  });
