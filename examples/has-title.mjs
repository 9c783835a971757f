/** @type {import("assetmill").AssetHandler} */
export default {
  name: "has-title", version: "1", types: ["ASSET_PROCESSING"],
  accepts: (asset) => asset.fileType === "DITATOPIC",
  async process(asset, context) {
    const text = await context.text();                 // also context.bytes(), context.stream()
    return { properties: { hasTitle: text.includes("<title") } };
  },
};
