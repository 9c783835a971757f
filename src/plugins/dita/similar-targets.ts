import type { RepositoryReader } from "../../core/ports/asset-handler.js";

/** Broken references of one document that are explained. More of them have another reason than a slip. */
const MOST_EXPLAINED = 100;

/**
 * Returns a warning for each missing path, in order. Says so if what was probably meant differs only in case or Unicode form: the
 * latter cannot be seen.
 */
export const brokenReferences = (
  missing: readonly string[],
  repository: RepositoryReader,
): Promise<readonly string[]> =>
  Promise.all(
    missing.map(async (path, index) => {
      const similar = index < MOST_EXPLAINED ? await repository.similar(path) : undefined;
      return `broken reference ${path}${similar === undefined ? "" : `: ${similar} ${difference(path, similar)}`}`;
    }),
  );

function difference(path: string, similar: string): string {
  const isSameCase = path.normalize() === similar.normalize();
  const isSameForm = path.toLowerCase() === similar.toLowerCase();
  if (isSameForm) return "differs only in case";
  const forms = `Unicode form (${formOf(similar)}, not ${formOf(path)})`;
  return isSameCase ? `differs only in ${forms}` : `differs only in case and ${forms}`;
}

function formOf(text: string): string {
  if (text === text.normalize("NFC")) return "NFC";
  return text === text.normalize("NFD") ? "NFD" : "mixed";
}
