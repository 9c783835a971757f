import type { OutcomeKind, ReportedOutcome } from "../core/asset/outcome.js";
import type { OutcomeCursor } from "../core/job/cursor.js";
import type { JobOperator } from "../core/ports/job-operator.js";

/** Page sizes for streamed responses. */
const LINES = 5_000;
const OUTCOMES = 2_000;

/** Yields a job's whole log as text, up to the last line present when it gets there. */
export async function* logText(operator: JobOperator, processingId: string): AsyncGenerator<string, void> {
  for (let offset = 0; ;) {
    const { lines, hasMore } = await operator.logs(processingId, { offset, limit: LINES });
    if (lines.length > 0) yield lines.map((line) => `${line}\n`).join("");
    if (!hasMore || lines.length === 0) return;
    offset += lines.length;
  }
}

/** Yields all outcomes of these kinds, page by page. Yields at least one page, which may be empty. */
export async function* outcomePages(
  operator: JobOperator,
  processingId: string,
  { kinds, after }: { readonly kinds?: readonly OutcomeKind[]; readonly after?: OutcomeCursor },
): AsyncGenerator<readonly ReportedOutcome[], void> {
  for (let cursor = after; ;) {
    const query = { limit: OUTCOMES, ...(cursor ? { after: cursor } : {}), ...(kinds ? { kinds } : {}) };
    const { outcomes, next } = await operator.outcomes(processingId, query);
    yield outcomes;
    if (!next) return;
    cursor = next;
  }
}
