import type { TablePart } from "./cascade.js";

/** How a reference is used. Determines its kind and the property that lists it. */
export type LinkUse =
  | "topicref"
  | "mapref"
  | "keydef"
  | "xref"
  | "conref"
  | "image"
  | "multimedia"
  | "file"
  | "related"
  | "key"
  | "content-key"
  | "multimedia-key";

/** What an element means for linking. Elements without such a meaning have no Element. */
export interface Element {
  /** Linking attributes of this element, in addition to those of every element. */
  readonly links: ReadonlyMap<string, LinkUse>;
  /** Whether it inherits `scope` and `format`, and passes them on to its descendants. */
  readonly cascades: boolean;
  readonly tablePart?: TablePart;
}

/** Attributes that link on every element. */
export const LINKS_EVERYWHERE: ReadonlyMap<string, LinkUse> = new Map([
  ["conref", "conref"],
  ["conrefend", "conref"],
  ["conkeyref", "content-key"],
  ["keyref", "key"],
]);

const element = (links: Record<string, LinkUse>, more: Partial<Element> = {}): Element =>
  Object.freeze({ links: new Map(Object.entries(links)), cascades: false, ...more });

const TOPICREF = element({ href: "topicref" }, { cascades: true });
const MAPREF = element({ href: "mapref" }, { cascades: true });
const KEYDEF = element({ href: "keydef" }, { cascades: true });
const NAVREF = element({ mapref: "mapref" });
const GROUP = element({}, { cascades: true });
const RELTABLE = element({}, { cascades: true, tablePart: "table" });
const HEADER = element({}, { cascades: true, tablePart: "header" });
const COLUMN = element({}, { cascades: true, tablePart: "column" });
const ROW = element({}, { cascades: true, tablePart: "row" });
const CELL = element({}, { cascades: true, tablePart: "cell" });
const XREF = element({ href: "xref" });
const LINK = element({ href: "xref" }, { cascades: true });
const RELATED = element({ href: "related" });
const IMAGE = element({ href: "image", longdescref: "related" });
const FILE = element({ href: "file" });
const MEDIA = element({ href: "multimedia", keyref: "multimedia-key", poster: "image" });
const OBJECT = element({
  data: "multimedia",
  datakeyref: "multimedia-key",
  archivekeyrefs: "multimedia-key",
  classidkeyref: "multimedia-key",
  codebasekeyref: "multimedia-key",
  longdescref: "related",
});
const PARAM = element({ value: "multimedia", keyref: "multimedia-key" });
const FLAG = element({ imageref: "image" });

/**
 * The standard's linking elements (DITA 1.3 and 2.0, media of Lightweight DITA) as class tokens, `module/element`. A
 * specialised element takes the meaning of its nearest ancestor in this table.
 */
const TABLE: readonly (readonly [Element, string])[] = [
  [TOPICREF, "map/topicref"],
  [RELTABLE, "map/reltable"],
  [HEADER, "map/relheader"],
  [COLUMN, "map/relcolspec"],
  [ROW, "map/relrow subjectScheme/subjectRelHeader subjectScheme/subjectRel"],
  [CELL, "map/relcell subjectScheme/subjectRole"],
  [GROUP, "map/map topic/related-links topic/linkpool topic/linklist"],
  [NAVREF, "map/navref"],
  [KEYDEF, "mapgroup-d/keydef"],
  [MAPREF, "mapgroup-d/mapref mapgroup-d/anchorref mapgroup-d/topicsetref mapgroup-d/mapresources"],
  [TOPICREF, "mapgroup-d/topichead mapgroup-d/topicgroup mapgroup-d/topicset glossref-d/glossref"],
  [FILE, "ditavalref-d/ditavalref"],
  [TOPICREF, "bookmap/abbrevlist bookmap/amendments bookmap/appendices bookmap/appendix bookmap/backmatter"],
  [TOPICREF, "bookmap/bibliolist bookmap/bookabstract bookmap/booklist bookmap/booklists bookmap/chapter"],
  [TOPICREF, "bookmap/colophon bookmap/dedication bookmap/draftintro bookmap/figurelist bookmap/frontmatter"],
  [TOPICREF, "bookmap/glossarylist bookmap/indexlist bookmap/notices bookmap/part bookmap/preface"],
  [TOPICREF, "bookmap/tablelist bookmap/toc bookmap/trademarklist"],
  [TOPICREF, "learningmap-d/learningObject learningmap-d/learningGroup learningmap-d/learningContentRef"],
  [TOPICREF, "learningmap-d/learningContentComponentRef learningmap-d/learningOverviewRef"],
  [TOPICREF, "learningmap-d/learningPlanRef learningmap-d/learningPreAssessmentRef"],
  [TOPICREF, "learningmap-d/learningPostAssessmentRef learningmap-d/learningSummaryRef"],
  [MAPREF, "learningmap-d/learningObjectMapRef learningmap-d/learningGroupMapRef"],
  [TOPICREF, "subjectScheme/subjectdef subjectScheme/subjectHead subjectScheme/hasInstance subjectScheme/hasKind"],
  [TOPICREF, "subjectScheme/hasNarrower subjectScheme/hasPart subjectScheme/hasRelated"],
  [TOPICREF, "subjectScheme/relatedSubjects classify-d/topicsubject classify-d/topicapply classify-d/subjectref"],
  [MAPREF, "subjectScheme/schemeref"],
  [RELTABLE, "subjectScheme/subjectRelTable"],
  [XREF, "topic/xref topic/lq topic/longquoteref pr-d/fragref pr-d/synnoteref"],
  [LINK, "topic/link"],
  [RELATED, "topic/data topic/data-about topic/longdescref topic/author topic/source topic/publisher"],
  [IMAGE, "topic/image glossentry/glossSymbol hazard-d/hazardsymbol svg-d/svgref topic/video-poster"],
  [FILE, "topic/include pr-d/coderef mathml-d/mathmlref"],
  [MEDIA, "topic/video topic/audio h5m-d/video h5m-d/audio topic/media-source topic/media-track"],
  [OBJECT, "topic/object"],
  [PARAM, "topic/param"],
  [FLAG, "ditaval/startflag ditaval/endflag"],
];

const BY_CLASS = new Map(TABLE.flatMap(([meaning, tokens]) => tokens.split(" ").map((token) => [token, meaning])));
const BY_NAME = new Map([...BY_CLASS].map(([token, meaning]) => [token.slice(token.indexOf("/") + 1), meaning]));

/** Returns an element's meaning by its `class`, most specialised token first, or by its name if it has none. */
export function elementOf(name: string, ditaClass: string | undefined): Element | undefined {
  if (ditaClass === undefined) return BY_NAME.get(name);
  for (const token of ditaClass.split(/\s+/).reverse()) {
    const meaning = BY_CLASS.get(token);
    if (meaning) return meaning;
  }
  return undefined;
}
