import { Tokenizer, TokenType } from "@streamparser/json";

/** A JSON object as received: members in order, under any name (`__proto__`, `10`), duplicates included. */
export interface JsonObject {
  readonly members: readonly (readonly [name: string, value: JsonValue])[];
}

/** Whole numbers beyond 2^53 are bigints: no digit is lost. */
export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject;

export const isJsonObject = (value: JsonValue): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A response that broke off or is not JSON: JCR servers write while they iterate, so an error shows in mid-stream. */
export class BrokenAnswer extends Error {
  override readonly name = "BrokenAnswer";
}

class ExactTokenizer extends Tokenizer {
  protected override parseNumber(text: string): number {
    const number = Number(text);
    const exact = Number.isSafeInteger(number) || !/^-?\d+$/.test(text);
    // The library passes the value on unchecked: it need not be a number.
    return exact ? number : (BigInt(text) as unknown as number);
  }
}

interface Frame {
  readonly isObject: boolean;
  readonly members: [string, JsonValue][];
  readonly items: JsonValue[];
  key: string | undefined;
}

/** Called for each member, with the name of the object that it is in; false ends the reading. */
export type VisitMember = (name: string, value: JsonValue, within: string) => boolean | void;

/**
 * Passes on the members of the objects `depth` levels below the root (0: the root's own members) as they arrive; memory
 * holds one of them. Returns whether the response was read to its end.
 */
export async function streamMembers(
  bytes: AsyncIterable<Uint8Array>,
  depth: number,
  visit: VisitMember,
): Promise<boolean> {
  const reader = new MemberReader(depth, visit);
  for await (const piece of bytes) if (!reader.take(piece)) return false;
  reader.finish();
  return true;
}

class MemberReader {
  readonly #depth: number;
  readonly #visit: VisitMember;
  readonly #tokens = new ExactTokenizer();
  readonly #frames: Frame[] = [];
  #started = false;
  #going = true;
  #error: Error | undefined;

  constructor(depth: number, visit: VisitMember) {
    this.#depth = depth;
    this.#visit = visit;
    this.#tokens.onToken = ({ token, value }) => this.#token(token, value);
    this.#tokens.onError = (error) => {
      this.#error ??= error;
    };
    this.#tokens.onEnd = () => {};
  }

  take(piece: Uint8Array): boolean {
    this.#tokens.write(piece);
    if (this.#error) throw new BrokenAnswer(`the response is not JSON: ${this.#error.message}`);
    return this.#going;
  }

  finish(): void {
    if (this.#started && this.#frames.length === 0) return;
    throw new BrokenAnswer("the response broke off");
  }

  #token(token: TokenType, value: unknown): void {
    switch (token) {
      case TokenType.LEFT_BRACE:
      case TokenType.LEFT_BRACKET:
        this.#started = true;
        this.#frames.push({ isObject: token === TokenType.LEFT_BRACE, members: [], items: [], key: undefined });
        break;
      case TokenType.RIGHT_BRACE:
      case TokenType.RIGHT_BRACKET: {
        const closed = this.#frames.pop();
        if (closed) this.#value(closed.isObject ? { members: closed.members } : closed.items);
        break;
      }
      case TokenType.STRING: {
        const frame = this.#frames.at(-1);
        if (frame?.isObject && frame.key === undefined) frame.key = value as string;
        else this.#value(value as string);
        break;
      }
      case TokenType.COLON:
      case TokenType.COMMA:
      case TokenType.SEPARATOR:
        break;
      default:
        this.#value(value as JsonValue);
    }
  }

  #value(value: JsonValue): void {
    const frame = this.#frames.at(-1);
    if (!frame) return;
    if (!frame.isObject) {
      if (this.#frames.length > this.#depth) frame.items.push(value);
      return;
    }
    const name = frame.key ?? "";
    frame.key = undefined;
    const level = this.#frames.length - 1;
    if (level > this.#depth) frame.members.push([name, value]);
    else if (level === this.#depth && this.#going) {
      this.#going = this.#visit(name, value, this.#frames.at(-2)?.key ?? "") !== false;
    }
  }
}
