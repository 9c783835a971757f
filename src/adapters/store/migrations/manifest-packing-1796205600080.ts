import type { Migration } from "../../sql/index.js";

/**
 * Changes no table: manifests are packed in a form that earlier programs take for damaged. With this migration they refuse
 * the database, and say why, instead of giving up jobs.
 */
export class ManifestPacking1796205600080 implements Migration {
  readonly name = "ManifestPacking1796205600080";

  async up(): Promise<void> {
    // Manifests that are there already are read as they are.
  }
}
