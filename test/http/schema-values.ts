import type { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";

/** A schema of an OpenAPI 3.1 document, as far as ours use it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly description?: string;
  readonly example?: unknown;
}

/** A keyword that the builder does not know would be left out of account in silence. */
const KNOWN = new Set([
  ...["$ref", "type", "enum", "oneOf", "not", "properties", "required", "additionalProperties", "items", "minItems"],
  ...["maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "description", "example"],
  ...["exclusiveMaximum"],
]);

const MOST_ITEMS = 4;
const MOST_CHARACTERS = 40;

/** Builds values of a document's schemas: any that the schema allows, with its limits more often than others. */
export class SchemaValues {
  readonly #schemas: Readonly<Record<string, Schema>>;
  readonly #ajv: Ajv2020;
  readonly #also: Readonly<Record<string, readonly unknown[]>>;

  /** `also`: further values of components, by name, which the schema alone would never hit upon. */
  constructor(
    schemas: Readonly<Record<string, Schema>>,
    ajv: Ajv2020,
    also: Readonly<Record<string, readonly unknown[]>> = {},
  ) {
    this.#schemas = schemas;
    this.#ajv = ajv;
    this.#also = also;
  }

  of(schema: Schema): fc.Arbitrary<unknown> {
    const unknown = Object.keys(schema).filter((keyword) => !KNOWN.has(keyword));
    if (unknown.length > 0) throw new Error(`unknown keywords: ${unknown.join(", ")}`);
    if (schema.$ref !== undefined) return this.#component(schema.$ref.replace("#/components/schemas/", ""));
    if (schema.oneOf) return fc.oneof(...schema.oneOf.map((one) => this.of(one)));
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const types = [schema.type ?? []].flat();
    const values = fc.oneof(...types.map((type) => this.#ofType(type, schema)));
    if (!schema.not) return values;
    const forbidden = this.#ajv.compile(schema.not);
    return values.filter((value) => !forbidden(value));
  }

  #component(name: string): fc.Arbitrary<unknown> {
    const schema = this.#schemas[name];
    if (!schema) throw new Error(`${name} is not a component`);
    const also = this.#also[name] ?? [];
    return also.length > 0 ? fc.oneof(fc.constantFrom(...also), this.of(schema)) : this.of(schema);
  }

  #ofType(type: string, schema: Schema): fc.Arbitrary<unknown> {
    switch (type) {
      case "null":
        return fc.constant(null);
      case "boolean":
        return fc.boolean();
      case "integer": {
        const { minimum: min = Number.MIN_SAFE_INTEGER, maximum: max = Number.MAX_SAFE_INTEGER } = schema;
        return fc.oneof(
          fc.integer({ min, max }),
          fc.constantFrom(min, max),
          fc.integer({ min, max: Math.min(max, min + 9) }),
        );
      }
      case "string":
        return this.#text(schema);
      case "array": {
        const { minItems: minLength = 0, maxItems = MOST_ITEMS, items = {} } = schema;
        return fc.array(this.of(items), { minLength, maxLength: Math.min(maxItems, MOST_ITEMS) });
      }
      case "object": {
        const { properties = {}, required = [] } = schema;
        const model = Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, this.of(of)]));
        return fc.record(model, { requiredKeys: [...required] as never[] });
      }
      default:
        throw new Error(`unknown type: ${type}`);
    }
  }

  #text({ pattern, minLength = 0, maxLength = Infinity }: Schema): fc.Arbitrary<string> {
    const most = Math.min(maxLength, MOST_CHARACTERS);
    const free = fc.string({ unit: "grapheme", minLength, maxLength: most });
    const longest = `/${"x".repeat((maxLength === Infinity ? most : maxLength) - 1)}`;
    if (pattern === undefined) return fc.oneof({ weight: 9, arbitrary: free }, fc.constant(longest));
    const regexp = new RegExp(pattern, "u");
    const matching = fc
      .stringMatching(regexp, { maxLength: most })
      .filter((text) => [...text].length >= minLength && [...text].length <= maxLength);
    return regexp.test(longest) ? fc.oneof({ weight: 9, arbitrary: matching }, fc.constant(longest)) : matching;
  }
}
