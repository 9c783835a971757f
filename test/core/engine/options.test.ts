import { expect } from "chai";
import { readFileSync } from "node:fs";
import {
  checkEngineOptions,
  ENGINE_DEFAULTS,
  ENGINE_OPTIONS,
  type EngineOptions,
  type OptionRule,
} from "../../../src/core/engine/options.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { resolveEngineOptions } from "../../../src/options.js";
import { thrown } from "../../support/deferred.js";

const NAMES = Object.keys(ENGINE_OPTIONS) as (keyof EngineOptions)[];

/** The comment above a field in a source file of this package. */
function commentOf(field: string, file: string): string {
  const source = readFileSync(new URL(`../../../../src/${file}`, import.meta.url), "utf8");
  const [, comment] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s+readonly ${field}\\??:`).exec(source) ?? [];
  if (comment === undefined) throw new Error(`${file} says nothing about ${field}`);
  return comment.replace(/\s+\*?\s*/g, " ").trim();
}

const inWords = ({ default: byDefault, least, most, whole, unit }: OptionRule): string =>
  `${byDefault} ${unit}; ${whole ? "whole, " : ""}${Number.isFinite(most) ? `${least} to ${most}` : `from ${least}`}`;

const refusal = (options: Partial<Record<keyof EngineOptions, unknown>>): AssetmillError => {
  const error = thrown(() => checkEngineOptions({ ...ENGINE_DEFAULTS, ...options } as EngineOptions));
  if (!AssetmillError.is(error)) throw error;
  return error;
};

describe("the engine's options", () => {
  for (const name of NAMES) {
    const rule = ENGINE_OPTIONS[name];
    // The lease and its renewal bound each other.
    const alone = (value: number): Partial<EngineOptions> => ({
      ...(name === "renewEveryMs" ? { leaseTtlMs: 2_147_483_647 } : {}),
      ...(name === "leaseTtlMs" ? { renewEveryMs: 1 } : {}),
      [name]: value,
    });
    const taken = (value: number): number => checkEngineOptions({ ...ENGINE_DEFAULTS, ...alone(value) })[name];

    it(`say in the comment of ${name} what the table says`, () => {
      const [, said] = commentOf(name, "core/engine/options.ts").split("@defaultValue ");
      expect(said).to.equal(inWords(rule));
    });

    it(`accept ${name} within its bounds, and otherwise reject it naming the option, its value and what is allowed`, () => {
      expect(taken(rule.default)).to.equal(rule.default);
      const within = name === "leaseTtlMs" ? rule.least + 1 : rule.least;
      expect(taken(within)).to.equal(within);
      const beyond: unknown[] = [rule.least - 1, Number.NaN, Number.POSITIVE_INFINITY, undefined, null, "8"];
      if (Number.isFinite(rule.most)) {
        if (name !== "renewEveryMs") expect(taken(rule.most)).to.equal(rule.most);
        beyond.push(rule.most + 1);
      }
      if (rule.whole) beyond.push(rule.default + 0.5);
      for (const value of beyond) {
        const { code, ids, message } = refusal({ [name]: value });
        expect([code, ids.field]).to.deep.equal(["INVALID_PARAMETER", name]);
        expect(message)
          .to.include(`${rule.least}`)
          .and.include(typeof value === "string" ? `not "8"` : `not ${value}`);
      }
    });
  }

  it("have a table and defaults that cannot be changed", () => {
    expect(Object.isFrozen(ENGINE_OPTIONS) && Object.isFrozen(ENGINE_DEFAULTS)).to.equal(true);
    for (const name of NAMES) expect(Object.isFrozen(ENGINE_OPTIONS[name]), name).to.equal(true);
  });

  it("reject a renewal interval that allows no second attempt before the lease expires", () => {
    const { message } = refusal({ leaseTtlMs: 10_000, renewEveryMs: 5_001 });
    expect(message).to.equal("renewEveryMs: must be at most half of leaseTtlMs, which is 10000 ms, not 5001");
    expect(checkEngineOptions({ ...ENGINE_DEFAULTS, renewEveryMs: 5_000 }).renewEveryMs).to.equal(5_000);
  });

  it("say in words what is allowed", () => {
    expect(refusal({ concurrency: 0 }).message).to.equal(
      "concurrency: must be a whole number of assets from 1 to 1000, not 0",
    );
    expect(refusal({ maxContentBytes: -1 }).message).to.equal(
      "maxContentBytes: must be a number of bytes, 1 or more, not -1",
    );
    expect(refusal({ throttleHeapPercent: -1 }).message).to.equal(
      "throttleHeapPercent: must be a number in % of the heap's limit, 0 or more, not -1",
    );
  });

  it("are overridden by those of createAssetmill, whose comments say the same defaults", () => {
    const resolved = resolveEngineOptions({ assets: "folder:x", chunkSize: 7, engine: { chunkSize: 9, tries: 2 } });
    expect(resolved).to.deep.equal({ ...ENGINE_DEFAULTS, chunkSize: 7, tries: 2 });
    for (const name of ["concurrency", "chunkSize"] as const) {
      expect(commentOf(name, "options.ts")).to.match(new RegExp(`@defaultValue ${ENGINE_DEFAULTS[name]}$`));
    }
  });
});
