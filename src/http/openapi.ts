import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { jsonResponses } from "./endpoints/responses.js";
import type { AppEnv } from "./middleware.js";
import { noQuerySchema } from "./schemas.js";

/** Adds `openapi.json`, generated from the schemas that validate requests. Call it after adding all endpoints. */
export function describeApi(app: OpenAPIHono<AppEnv>, basePath: string): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "basic", { type: "http", scheme: "basic" });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  const path = `${basePath}/openapi.json`;
  app.openAPIRegistry.registerPath(
    createRoute({
      method: "get",
      path,
      operationId: "openapi",
      summary: "Get this OpenAPI document",
      request: { query: noQuerySchema },
      responses: jsonResponses(z.record(z.string(), z.unknown()), "The OpenAPI 3.1 document", { openapi: "3.1.0" }),
    }),
  );
  let document: ReturnType<typeof documentOf> | undefined;
  app.get(path, (c) => c.json((document ??= documentOf(app)), 200));
}

/** Returns the OpenAPI document of the app's endpoints. */
export const documentOf = (app: OpenAPIHono<AppEnv>) =>
  app.getOpenAPI31Document(
    {
      openapi: "3.1.0",
      info: {
        title: "assetmill",
        // The API's version, not the package's: it changes when clients would notice.
        version: "1.0.0",
        description: "Durable batch post-processing of asset trees",
      },
      // Relative to this document, so that it holds under every name and behind every proxy.
      servers: [{ url: "/", description: "The server that this document comes from" }],
      security: [{ basic: [] }, { bearer: [] }],
    },
    // Not "anyOf", of which some generators make one object with the required fields of all.
    { unionPreferredType: "oneOf" },
  );
