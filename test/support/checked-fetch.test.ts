import { expect } from "chai";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { rejection } from "./deferred.js";

describe("a response that a test fetches", () => {
  it("is checked against the OpenAPI document: an undocumented field makes the test fail", async () => {
    const server = createServer((_request, response) => {
      const headers = { "Content-Type": "application/json", "X-Content-Type-Options": "nosniff" };
      response.writeHead(200, headers).end('{"executionHistory":[],"more":1}');
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    try {
      const asked = fetch(`http://127.0.0.1:${port}/bin/guides/v1/assets/process/history`);
      expect(String(await rejection(asked))).to.match(/additional properties/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
