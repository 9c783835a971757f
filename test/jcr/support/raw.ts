import type { JcrFixture } from "./fixture.js";
import { WORKSPACE } from "./servers.js";

/** A part of a form that is written just as it is given: what our own forms never are. */
export interface RawPart {
  readonly name: string;
  readonly text: string;
  /** @defaultValue `text/plain; charset=UTF-8` */
  readonly type?: string;
  readonly fileName?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The last segment of the exception's class; "" where none is named. */
  readonly kind: string;
}

/** A request past our client, to see what a server does where the client does not take care. */
export async function raw(
  fixture: JcrFixture,
  method: string,
  path: string,
  init: RequestInit = {},
): Promise<RawAnswer> {
  const response = await fixture.fetch(method, path, init);
  const text = await response.text();
  const kind = /<dcr:class>[^<]*?(\w+)<\/dcr:class>/.exec(text)?.[1] ?? "";
  return { status: response.status, type: response.headers.get("content-type") ?? "", text, kind };
}

export function rawForm(parts: readonly RawPart[], headers: Record<string, string> = {}): RequestInit {
  const texts = parts.map(({ name, text, type = "text/plain; charset=UTF-8", fileName }) => {
    const file = fileName === undefined ? "" : `; filename="${fileName}"`;
    return `--raw\r\nContent-Disposition: form-data; name="${name}"${file}\r\nContent-Type: ${type}\r\n\r\n${text}\r\n`;
  });
  return {
    headers: { "Content-Type": "multipart/form-data; boundary=raw", ...headers },
    body: Buffer.from(`${texts.join("")}--raw--\r\n`),
  };
}

/** A diff, as it stands. */
export const rawDiff = (fixture: JcrFixture, diff: string): Promise<RawAnswer> =>
  raw(fixture, "POST", `${WORKSPACE}/`, rawForm([{ name: ":diff", text: diff }]));

/** A multi-read of nodes themselves. */
export const rawRead = (fixture: JcrFixture, paths: readonly string[], base = "/"): Promise<RawAnswer> =>
  raw(fixture, "POST", `${WORKSPACE}${base}.0.json`, rawForm(paths.map((text) => ({ name: ":include", text }))));
