import { deepStrictEqual } from "node:assert/strict";
import { applied, survive, type ResultGuarantee, writeOf } from "./result-steps.js";

export const VALUE_GUARANTEES: readonly ResultGuarantee[] = [
  {
    guarantee: "booleans, and texts that look like other values, keep their type and value",
    check: (plot) =>
      survive(
        plot,
        { t: true, f: false, a: "true", b: "null", c: "1", d: '{"a":1}', e: "[1]", g: '"', h: "" },
        { t: false, i: "it's", j: 'say "no"', k: "back\\slash", l: "a\nb\tc", m: " x ", n: "{Boolean}true" },
      ),
  },
  {
    guarantee: "lists of texts stay lists: empty, with one item, with an empty text, with quotes and commas",
    check: (plot) =>
      survive(
        plot,
        { a: [], b: [""], c: ['"', "'", "\\", "]", ","], one: ["x"] },
        { a: ["x"], b: [], d: ["é", "\u{1f600}", "a\nb"], one: "x" },
      ),
  },
  {
    guarantee: "numbers keep every digit: integers and fractions, the greatest and the smallest",
    check: (plot) =>
      survive(
        plot,
        { a: 0, b: -1, c: Number.MAX_SAFE_INTEGER, d: Number.MIN_SAFE_INTEGER, e: 0.1, f: 0.1 + 0.2, g: 1 / 3 },
        { h: 1_761_291_362_776, i: 2 ** 62, j: 1e21, k: -1.5e-7, l: Number.MAX_VALUE, m: Number.MIN_VALUE, a: 1.5 },
      ),
  },
  {
    guarantee: "properties of any name and text in any script are read as they were written",
    check: (plot) =>
      survive(
        plot,
        { 'quo"te': "é", "it's": "e\u0301", "back\\slash": "\u{1f600}", "a.b": "\u{10000}", $: "ключ", "[0]": "x" },
        { "dc:title": "A", ключ: "x", "\u{1f600}": "x", "a b": "x", "%41": "x", constructor: "x", "*|": "x" },
      ),
  },
  {
    guarantee: "results of assets with any name are found under that name",
    async check(plot) {
      const paths = await plot.plant(["/it's", '/"q"', "/%41", "/A", "/a", "/e\u0301", "/é", "/\u{1f600}", "/a b/c"]);
      await applied(
        plot,
        paths.map((path) => writeOf(path, { properties: { path } })),
      );
      const found = await plot.repository.results(paths);
      deepStrictEqual(
        found.map((result) => [result?.path, result?.properties.path]),
        paths.map((path) => [path, path]),
      );
    },
  },
];
