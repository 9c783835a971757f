import { AssetFailure } from "../../core/errors.js";
import type { Attributes } from "./xml.js";

/** A document's kind, according to its root element. */
export interface Root {
  readonly name: string;
  /** composite: `dita`, several topics in one file; conditions: `val`, a DITAVAL. */
  readonly kind: "topic" | "map" | "composite" | "conditions";
  /** Absent if neither the document nor the standard gives the root a class. */
  readonly ditaClass?: string;
}

const learning = (name: string) => `- topic/topic learningBase/learningBase ${name}/${name} `;

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

/** Determines a document's kind from its root element, `class` first. Throws NOT_DITA, naming the root, if it is unknown. */
export function rootOf(name: string, attributes: Attributes): Root {
  if (name === "dita") return { name, kind: "composite" };
  if (name === "val") return { name, kind: "conditions" };
  const ditaClass = attributes.class ?? DEFAULT_CLASSES.get(name);
  if (ditaClass?.includes(" topic/topic ")) return { name, kind: "topic", ditaClass };
  if (ditaClass?.includes(" map/map ")) return { name, kind: "map", ditaClass };
  throw new AssetFailure("NOT_DITA", `root element <${name}> is not a DITA topic, map or ditaval`);
}
