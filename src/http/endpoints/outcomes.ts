import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { invalidParameter } from "../../core/errors.js";
import type { OutcomeKind, ReportedOutcome } from "../../core/asset/outcome.js";
import { formatCursor } from "../../core/job/cursor.js";
import { OUTCOME_PAGE } from "../../core/job/page-limits.js";
import type { AppEnv } from "../guards.js";
import type { ResolvedHttpOptions } from "../options.js";
import { csvOf } from "../outcome-csv.js";
import { outcomePages } from "../pages.js";
import { queryOf } from "../query.js";
import { failuresPageSchema, outcomesPageSchema } from "../representations.js";
import { outcomesQuerySchema } from "../schemas.js";
import { streamed } from "../streamed.js";
import { accepted } from "../validation.js";
import { problems } from "./answers.js";

const JSON_PAGE = "application/json";

/** What a whole report may be streamed as. */
const STREAMS: Readonly<Record<string, (pages: Pages) => AsyncGenerator<string, void>>> = {
  "application/x-ndjson": linesOf,
  "text/csv": csvOf,
};

type Pages = AsyncIterable<readonly ReportedOutcome[]>;

interface Report {
  readonly name: "failures" | "outcomes";
  readonly summary: string;
  readonly page: z.ZodType;
  readonly kinds?: readonly OutcomeKind[];
}

const REPORTS: readonly Report[] = [
  {
    name: "failures",
    summary: "Every failed and skipped asset of a job",
    page: failuresPageSchema,
    kinds: ["FAILED", "SKIPPED"],
  },
  { name: "outcomes", summary: "How each asset of a job ended", page: outcomesPageSchema },
];

/** GET failures and outcomes: a page of JSON, or all of it as NDJSON or CSV. */
export function addOutcomes(app: OpenAPIHono<AppEnv>, { basePath, onError }: ResolvedHttpOptions): void {
  for (const { name, summary, page, kinds } of REPORTS) {
    const path = `${basePath}/${name}`;
    app.openAPIRegistry.registerPath(
      createRoute({
        method: "get",
        path,
        operationId: name,
        summary,
        description: "Accept decides: a page of JSON, or everything from `after` on as NDJSON or CSV, without `limit`.",
        request: { query: outcomesQuerySchema },
        responses: {
          200: {
            description: "In path order",
            content: {
              [JSON_PAGE]: { schema: page },
              "application/x-ndjson": { schema: z.string().openapi({ description: "An Outcome a line" }) },
              "text/csv": { schema: z.string().openapi({ description: "An outcome a row, below a header" }) },
            },
          },
          ...problems,
        },
      }),
    );
    app.get(path, async (c) => {
      const { processingId, limit, after } = accepted(outcomesQuerySchema, queryOf(c.req.url));
      const { operator } = c.var;
      const which = { ...(kinds ? { kinds } : {}), ...(after ? { after } : {}) };
      const type = accepts(c, { header: "Accept", supports: [JSON_PAGE, ...Object.keys(STREAMS)], default: JSON_PAGE });
      const render = STREAMS[type];
      if (!render) {
        const { outcomes, next } = await operator.outcomes(processingId, {
          ...which,
          limit: limit ?? OUTCOME_PAGE.default,
        });
        return c.json({ [name]: outcomes, next: next ? formatCursor(next) : null }, 200);
      }
      if (limit !== undefined) throw invalidParameter("limit", `is for pages of JSON; ${type} is never cut short`);
      const headers = { "Content-Type": `${type}; charset=utf-8` };
      if (c.req.method === "HEAD") {
        await operator.status(processingId);
        return c.body(null, 200, headers);
      }
      return streamed(render(outcomePages(operator, processingId, which)), headers, onError);
    });
  }
}

async function* linesOf(pages: Pages): AsyncGenerator<string, void> {
  for await (const outcomes of pages) {
    if (outcomes.length > 0) yield outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join("");
  }
}
