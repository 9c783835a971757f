import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "./guards.js";

/** Adds `openapi.json`: OpenAPI 3.1 from the schemas that validate requests. Call it after the last endpoint. */
export function describeApi(app: OpenAPIHono<AppEnv>, basePath: string): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "basic", { type: "http", scheme: "basic" });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "assetmill",
      // The API's, not the package's: it changes when a client would notice.
      version: "1.0.0",
      description: "Durable batch post-processing of asset trees",
    },
    security: [{ basic: [] }, { bearer: [] }],
  });
  app.get(`${basePath}/openapi.json`, (c) => c.json(document, 200));
}
