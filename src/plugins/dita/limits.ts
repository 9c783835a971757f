/**
 * Bounds on what one document may make us do. Far above anything written by people; a document beyond them is an
 * attack or an accident, and FAILS at once.
 */
export const LIMITS = Object.freeze({
  /** Open elements at one time; beyond it XML_DEPTH_LIMIT. */
  elementDepth: 1_000,
  /** Characters of replacement text read for all entity references together; beyond it XML_ENTITY_LIMIT. */
  entityCharacters: 1_048_576,
  /** Entities open within entities; beyond it XML_ENTITY_LIMIT. */
  entityDepth: 20,
});
