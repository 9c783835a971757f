import { randomUUID } from "node:crypto";

/** A form's part. */
interface TextPart {
  readonly name: string;
  /** A function is called after all parts before it were sent. */
  readonly text: string | (() => string);
  /** @defaultValue `text/plain` */
  readonly type?: string;
}

interface BinaryPart {
  readonly name: string;
  /** Called once per try; yields pieces of any size. */
  readonly content: () => AsyncIterable<Uint8Array>;
}

export type Part = TextPart | BinaryPart;

interface MultipartBody {
  readonly contentType: string;
  readonly body: Buffer | (() => AsyncIterable<Uint8Array>);
}

/**
 * Builds a multipart form as JCR servers need it, which FormData cannot: every text declares UTF-8 (otherwise it is read as
 * ISO-8859-1) and has no file name (otherwise the value is that name); a binary has one (that makes it a binary).
 */
export function multipart(parts: readonly Part[]): MultipartBody {
  const boundary = `assetmill-${randomUUID()}`;
  const contentType = `multipart/form-data; boundary=${boundary}`;
  const head = (part: Part): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(part.name)}"` +
    ("text" in part
      ? `\r\nContent-Type: ${part.type ?? "text/plain"}; charset=UTF-8\r\n\r\n`
      : '; filename="content"\r\nContent-Type: application/octet-stream\r\n\r\n');
  const end = `--${boundary}--\r\n`;
  if (parts.every(isText)) {
    const texts = parts.map((part) => `${head(part)}${textOf(part)}\r\n`);
    return { contentType, body: Buffer.from(texts.join("") + end) };
  }
  return {
    contentType,
    async *body() {
      for (const part of parts) {
        yield Buffer.from(head(part));
        if (isText(part)) yield Buffer.from(textOf(part));
        else yield* part.content();
        yield Buffer.from("\r\n");
      }
      yield Buffer.from(end);
    },
  };
}

const isText = (part: Part): part is TextPart => "text" in part;

const textOf = ({ text }: TextPart): string => (typeof text === "string" ? text : text());

/** Names are raw UTF-8; only what would end the header's value is escaped. */
const quoted = (name: string): string => name.replace(/["\\]/g, (character) => `\\${character}`);
