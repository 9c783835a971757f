import { expect } from "chai";
import { countedTurns } from "../support/counted-turns.js";
import { endOf } from "../embedding/host.js";
import { ContractHost, request, tree } from "./contract-host.js";

describe("handlers that read the texts of their assets at the same time", () => {
  const host = new ContractHost();
  after(() => host.dispose());

  it("take turns in the event loop: what they do with the texts does not add up", async () => {
    const turns = countedTurns();
    const seen: number[] = [];
    const mill = await host.over(tree(24), async (_asset, context) => {
      await context.text();
      seen.push(turns.count());
      for (const endMs = performance.now() + 10; performance.now() < endMs;);
    });
    const { processingId } = await mill.operator.start(request(), "ann");
    expect(await endOf(mill, processingId)).to.include({ status: "SUCCESS", succeededCount: 24 });
    turns.stop();
    expect(new Set(seen).size, seen.join(" ")).to.equal(24);
  });
});
