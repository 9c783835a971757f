import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { WarningList } from "../../../src/core/asset/warning-list.js";
import { readXml } from "../../../src/plugins/dita/xml.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const MB = 1024 * 1024;
const SINK = { wantsText: false, open: () => {}, close: () => {}, text: () => {} };

const heldMb = async (): Promise<number> => {
  // Twice: buffers are given back after the collection that finds them.
  collectGarbage();
  await turn();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MB;
};

describe("the XML reader", () => {
  for (const [what, end] of [
    ["it has read", "</topic>"],
    ["it has refused", "</other>"],
  ] as const) {
    it(`keeps nothing of a document that ${what}`, async () => {
      // A document's first read also makes what later ones use again.
      readXml("<topic/>", SINK, new WarningList());
      const before = await heldMb();
      const read = (): void => {
        const text = "plain text, and a line. ".repeat((20 * MB) / 24);
        try {
          // Made flat, as a decoded file is: a chain of pieces would be held in part.
          readXml(Buffer.from(`<topic>${text}${end}`, "latin1").toString("latin1"), SINK, new WarningList());
        } catch (error) {
          expect(error).to.include({ code: "XML_NOT_WELL_FORMED" });
        }
      };
      read();
      expect((await heldMb()) - before).to.be.below(10);
    });
  }
});
