import { AssetmillError, messageOf } from "../core/errors.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { shownMessage, shownPath } from "./shown-path.js";
import type { Output } from "./output.js";

/** Prints why a command was refused and returns its exit code. With `--json` it prints one problem object, else a sentence. */
export function reportError(error: unknown, json: boolean, output: Output): ExitCode {
  const known = AssetmillError.is(error);
  const code = known ? error.code : "INTERNAL";
  const message = messageOf(error);
  const path = known ? error.ids.path : undefined;
  const detail = path === undefined || message.includes(path) ? message : `${path}: ${message}`;
  if (json) {
    output.json({
      type: "about:blank",
      title: code,
      detail,
      code,
      ...(known && error.ids.jobId !== undefined ? { processingId: error.ids.jobId } : {}),
      ...(known && error.ids.status !== undefined ? { jobStatus: error.ids.status } : {}),
      ...(known && error.fields.length > 0 ? { errors: error.fields } : {}),
    });
  } else {
    const shown = path === undefined || message.includes(path) ? message : `${shownPath(path)}: ${message}`;
    output.say(`assetmill: ${shownMessage(shown, path === undefined ? [] : [path])}`);
    if (!known && error instanceof Error && error.stack) output.say(error.stack);
  }
  return EXIT.refused;
}
