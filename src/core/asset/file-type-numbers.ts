import type { FileType } from "./file-type.js";

/**
 * Numbers of file types in columns and stored manifests. Append only: rows contain them, so a number must never change its
 * meaning or be reused.. They do not depend on the order of FILE_TYPES. The first six equal the positions
 * in that list that were stored before this table existed, so older rows read the same without a migration.
 */
export const TYPE_NUMBERS = Object.freeze({
  DITATOPIC: 0,
  DITAMAP: 1,
  MARKDOWN: 2,
  "HTML/CSS": 3,
  DITAVAL: 4,
  OTHERS: 5,
} as const satisfies Readonly<Record<FileType, number>>);

const BY_NUMBER: readonly FileType[] = (Object.keys(TYPE_NUMBERS) as FileType[]).sort(
  (a, b) => TYPE_NUMBERS[a] - TYPE_NUMBERS[b],
);

/** Returns the file type of a number; undefined if this version does not know it. */
export const typeOfNumber = (number: unknown): FileType | undefined =>
  typeof number === "number" ? BY_NUMBER[number] : undefined;
