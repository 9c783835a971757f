import { type PassThrough, Readable } from "node:stream";
import { ZipFile } from "yazl";

/** A file of a ZIP. Its text is not read before it is written. */
export interface ZipEntry {
  readonly name: string;
  readonly text: AsyncIterable<string>;
}

/** Streams a ZIP as it is read. Memory use depends neither on file sizes nor on their number. */
export async function* zipOf(entries: readonly ZipEntry[]): AsyncGenerator<Uint8Array, void> {
  const zip = new ZipFile();
  const output = zip.outputStream as PassThrough;
  const sources: Readable[] = [];
  const fail = (error: Error): void => void output.destroy(error);
  zip.on("error", fail);
  for (const { name, text } of entries) {
    zip.addReadStreamLazy(name, { mode: 0o100644 }, (give) => {
      const source = Readable.from(text, { objectMode: false }).on("error", fail);
      sources.push(source);
      give(null, source);
    });
  }
  zip.end();
  try {
    yield* output as AsyncIterable<Uint8Array>;
  } finally {
    for (const source of sources) source.destroy();
    output.destroy();
  }
}
