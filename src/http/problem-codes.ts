import { REQUEST_ERROR_CODES } from "../core/errors.js";

/** Refusals that the status alone explains, with their codes: `about:blank` (RFC 9457, 4.2.1). */
export const PLAIN = {
  404: { title: "Not Found", code: "NOT_FOUND" },
  405: { title: "Method Not Allowed", code: "METHOD_NOT_ALLOWED" },
  413: { title: "Content Too Large", code: "TOO_LARGE" },
  414: { title: "URI Too Long", code: "URI_TOO_LONG" },
  417: { title: "Expectation Failed", code: "EXPECTATION_FAILED" },
  431: { title: "Request Header Fields Too Large", code: "HEADERS_TOO_LARGE" },
} as const;

/** Every code that a problem may have. */
export const PROBLEM_CODES = [...new Set([...REQUEST_ERROR_CODES, ...Object.values(PLAIN).map(({ code }) => code)])];
