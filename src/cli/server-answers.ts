import { z } from "zod";
import { jobReportSchema } from "../http/index.js";

const outcome = z.object({
  path: z.string(),
  outcome: z.enum(["SUCCEEDED", "FAILED", "SKIPPED"]),
  code: z.string().optional(),
  message: z.string().optional(),
  handler: z.string().optional(),
  attempts: z.number(),
  at: z.number(),
});

const next = z
  .string()
  .regex(/^\d{1,15}\.\d{1,15}$/)
  .nullable();

export const outcomesSchema = z.object({ outcomes: z.array(outcome), next });
export const failuresSchema = z.object({ failures: z.array(outcome), next });
export const historySchema = z.object({ executionHistory: z.array(jobReportSchema) });
export const changedSchema = z.object({ processingId: z.string(), status: z.string() });
