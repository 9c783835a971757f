import { MAX_WARNINGS, type WarningList } from "../../core/asset/warning-list.js";
import type { RepositoryReader } from "../../core/ports/asset-handler.js";

/**
 * Adds a warning for each missing path, in order. Says so if what was probably meant differs only in case or Unicode
 * form: the latter cannot be seen.
 */
export async function warnOfBroken(
  missing: readonly string[],
  repository: RepositoryReader,
  warnings: WarningList,
): Promise<void> {
  const shown = missing.slice(0, Math.max(0, MAX_WARNINGS - warnings.kept.length));
  const explained = await Promise.all(
    shown.map(async (path) => {
      const similar = await repository.similar(path);
      return `broken reference ${path}${similar === undefined ? "" : `: ${similar} ${difference(path, similar)}`}`;
    }),
  );
  for (const warning of explained) warnings.add(warning);
  // More of them are only counted: those have another reason than a slip.
  warnings.count(missing.length - shown.length);
}

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
