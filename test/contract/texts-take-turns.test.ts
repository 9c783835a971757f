import { expect } from "chai";
import { endOf } from "../embedding/host.js";
import { ContractHost, request, tree } from "./contract-host.js";

describe("handlers that read the texts of their assets at the same time", () => {
  const host = new ContractHost();
  after(() => host.dispose());

  it("take turns in the event loop: what they do with the texts does not add up", async () => {
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const seen: number[] = [];
    const mill = await host.over(tree(24), async (_asset, context) => {
      await context.text();
      seen.push(turns);
      for (const endMs = performance.now() + 10; performance.now() < endMs;);
    });
    const { processingId } = await mill.operator.start(request(), "ann");
    expect(await endOf(mill, processingId)).to.include({ status: "SUCCESS", succeededCount: 24 });
    counting = false;
    expect(new Set(seen).size, seen.join(" ")).to.equal(24);
  });
});
