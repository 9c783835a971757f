import { existsSync } from "node:fs";
import path from "node:path";

const DOCS = path.resolve(process.cwd(), "../shared/data/dita-ot-docs");
const SAMPLE = path.resolve(process.cwd(), "examples/sample");

/** Where the documents are mounted. */
export const DOCS_ROOT = "/content/dam/docs";

/** The folder of DITA-OT's documentation; where it is not there, says so and gives the sample. */
export function realDocs(what: string): string {
  if (existsSync(DOCS)) return DOCS;
  process.stderr.write(`\n!!! ONLY ON examples/sample: ${what}; there is no ${DOCS}\n`);
  return SAMPLE;
}

export const folderUri = (folder: string): string => `folder:${folder}?mount=${DOCS_ROOT}`;
