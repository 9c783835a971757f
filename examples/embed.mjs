// A host of its own: a few lines of set-up, then its own routes beside assetmill's. Run it with: node examples/embed.mjs
import { createServer } from "node:http";
import { createAssetmill } from "assetmill";

const mill = await createAssetmill({
  assets: "folder:examples/sample?mount=/content/dam/espresso",
  store: process.env.STORE, // undefined: sqlite:assetmill.sqlite in the working folder
});
mill.start();
const listener = mill.nodeListener();

const server = createServer((request, response) => {
  if (request.url === "/") response.end("the host's own page\n");
  else listener(request, response);
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", async () => {
  const { port } = server.address();
  const answer = await fetch(`http://127.0.0.1:${port}/bin/guides/v1/assets/process`, {
    method: "POST",
    headers: { authorization: `Bearer ${mill.token}`, "content-type": "application/json" },
    body: JSON.stringify({ path: "/content/dam/espresso", type: "ASSET_PROCESSING" }),
  });
  const { processingId } = await answer.json();
  let report = await mill.operator.status(processingId);
  while (report.completedAt === 0) {
    await new Promise((later) => setTimeout(later, 50));
    report = await mill.operator.status(processingId);
  }
  console.log(`${report.status}: ${report.comments}`);
  server.close();
  await mill.close();
});
