/**
 * Limits on the work that one document may cause. They are far above anything people write; a document beyond them is an
 * attack or an accident, and fails at once.
 */
export const LIMITS = Object.freeze({
  /** Nesting depth of elements; beyond it, XML_DEPTH_LIMIT. */
  elementDepth: 1_000,
  /** Characters of the document type declaration, its internal subset included; beyond it, XML_DOCTYPE_LIMIT. */
  doctypeCharacters: 4_194_304,
  /** Characters of replacement text for all entity references together; beyond it, XML_ENTITY_LIMIT. */
  entityCharacters: 1_048_576,
  /** References to entities with markup or references in them, each of which takes a parser; beyond it, XML_ENTITY_LIMIT. */
  entityPassages: 10_000,
  /** Nesting depth of entities; beyond it, XML_ENTITY_LIMIT. */
  entityDepth: 20,
  /** Attributes of one start tag; beyond it, XML_ATTRIBUTE_LIMIT. */
  attributes: 10_000,
  /** Characters of one start tag's attributes together; beyond it, XML_ATTRIBUTE_LIMIT. */
  attributeCharacters: 16_777_216,
  /** Characters of a title; the rest is cut off, with a warning. */
  titleCharacters: 1_000,
});
