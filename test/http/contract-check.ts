import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

/** An answer as a client has it. */
export interface Received {
  readonly method: string;
  readonly pathname: string;
  readonly status: number;
  /** The whole Content-Type header; null where there is none. */
  readonly contentType: string | null;
  readonly text: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

const CONTEXT = "https://assetmill.test/openapi.json";

/** Holds what a server answered against its own OpenAPI document; fields that stand nowhere in it are an error, too. */
export class ContractCheck {
  readonly #document: Document;
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: object) {
    this.#document = closed(structuredClone(document)) as Document;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(this.#ajv);
    this.#ajv.addSchema({ $id: CONTEXT, ...this.#document });
  }

  /** Fails where the answer is not one that the document promises. */
  check({ method, pathname, status, contentType, text }: Received): void {
    const about = `${method} ${pathname} -> ${status} ${contentType ?? "(no type)"}`;
    const path = decodeURI(pathname.length > 1 ? pathname.replace(/\/$/, "") : pathname);
    const operation = this.#document.paths[path]?.[method === "HEAD" ? "get" : method.toLowerCase()];
    if (!operation) {
      if (status < 400) throw new Error(`${about}: answered, but no endpoint of the document`);
      if (method !== "HEAD") this.checkProblem(about, text);
      return;
    }
    const key = operation.responses[status] ? String(status) : "default";
    const response = operation.responses[key];
    if (!response || (key === "default" && status < 400)) throw new Error(`${about}: not an answer of the document`);
    const type = (contentType ?? "").split(";")[0] ?? "";
    if (!response.content) {
      if (text !== "") throw new Error(`${about}: has a body, and should have none`);
      return;
    }
    if (!(type in response.content)) throw new Error(`${about}: not a media type of the document`);
    if (method === "HEAD") return;
    if (!/[/+]json$/.test(type)) return;
    const verb = method.toLowerCase();
    const pointer = ["paths", path, verb, "responses", key, "content", type, "schema"].map(escaped).join("/");
    this.#validate(about, `#/${pointer}`, text);
  }

  /** Fails where this is no problem of the document, whatever was asked. */
  checkProblem(about: string, text: string): void {
    this.#validate(about, "#/components/schemas/Problem", text);
  }

  /** Fails where this is not a value of the component. */
  checkComponent(name: string, text: string): void {
    this.#validate(name, `#/components/schemas/${name}`, text);
  }

  /** Fails where this is not a body that the document lets a client send. */
  checkRequest(method: string, path: string, type: string, text: string): void {
    const pointer = ["paths", path, method, "requestBody", "content", type, "schema"].map(escaped).join("/");
    this.#validate(`${method} ${path}`, `#/${pointer}`, text);
  }

  #validate(about: string, pointer: string, text: string): void {
    let validate = this.#compiled.get(pointer);
    if (!validate) {
      validate = this.#ajv.compile({ $ref: `${CONTEXT}${pointer}` });
      this.#compiled.set(pointer, validate);
    }
    if (validate(JSON.parse(text))) return;
    throw new Error(`${about}: ${this.#ajv.errorsText(validate.errors)}\n${text.slice(0, 1000)}`);
  }
}

const escaped = (part: string): string =>
  encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")).replaceAll("%24", "$");

/** Every object in it takes its own properties alone, so that a field nobody documented shows. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) node.forEach(closed);
  else if (typeof node === "object" && node !== null) {
    const schema = node as Record<string, unknown>;
    Object.values(schema).forEach(closed);
    if (schema["type"] === "object" && schema["properties"] && schema["additionalProperties"] === undefined) {
      schema["additionalProperties"] = false;
    }
  }
  return node;
}
