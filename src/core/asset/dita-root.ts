/** A DITA document's kind. composite: `dita`, several topics in one file; conditions: `val`, a DITAVAL. */
export type DitaKind = "topic" | "map" | "composite" | "conditions";

/** What a root element says about a DITA document. */
export interface DitaRoot {
  readonly kind: DitaKind;
  /** The element's own class or the standard's. Absent for composites and conditions. */
  readonly ditaClass?: string;
}

const learning = (name: string): string => `- topic/topic learningBase/learningBase ${name}/${name} `;

/** Default classes of the root elements of DITA 1.3, for files that are read without their DTD. */
const DEFAULT_CLASSES: ReadonlyMap<string, string> = new Map([
  ["topic", "- topic/topic "],
  ["concept", "- topic/topic concept/concept "],
  ["task", "- topic/topic task/task "],
  ["reference", "- topic/topic reference/reference "],
  ["troubleshooting", "- topic/topic troubleshooting/troubleshooting "],
  ["glossentry", "- topic/topic concept/concept glossentry/glossentry "],
  ["glossgroup", "- topic/topic concept/concept glossgroup/glossgroup "],
  ["learningBase", "- topic/topic learningBase/learningBase "],
  ["learningAssessment", learning("learningAssessment")],
  ["learningContent", learning("learningContent")],
  ["learningOverview", learning("learningOverview")],
  ["learningPlan", learning("learningPlan")],
  ["learningSummary", learning("learningSummary")],
  ["map", "- map/map "],
  ["bookmap", "- map/map bookmap/bookmap "],
  ["subjectScheme", "- map/map subjectScheme/subjectScheme "],
  ["learningMap", "- map/map learningMap/learningMap "],
  ["learningBookmap", "- map/map bookmap/bookmap learningBookmap/learningBookmap "],
  ["learningGroupMap", "- map/map learningGroupMap/learningGroupMap "],
  ["learningObjectMap", "- map/map learningObjectMap/learningObjectMap "],
]);

/** Names of the root elements that need no class to be recognised. */
export const DITA_ROOT_NAMES: readonly string[] = ["dita", "val", ...DEFAULT_CLASSES.keys()];

/**
 * Determines a DITA document's kind from its root element, by its `class` and else by its name; undefined if it is no DITA. File
 * types and the DITA handler both use it, so that a document is taken for the same whatever its file is called.
 */
export function ditaRootOf(name: string, ownClass: string | undefined): DitaRoot | undefined {
  if (name === "dita") return { kind: "composite" };
  if (name === "val") return { kind: "conditions" };
  for (const ditaClass of [ownClass, DEFAULT_CLASSES.get(name)]) {
    const tokens = ditaClass?.split(/\s+/) ?? [];
    if (ditaClass !== undefined && tokens.includes("topic/topic")) return { kind: "topic", ditaClass };
    if (ditaClass !== undefined && tokens.includes("map/map")) return { kind: "map", ditaClass };
  }
  return undefined;
}
