import { readXmlHead } from "./xml-head.js";

/** The file types of the contract's filter. */
export const FILE_TYPES = ["DITATOPIC", "DITAMAP", "MARKDOWN", "HTML/CSS", "DITAVAL", "OTHERS"] as const;

export type FileType = (typeof FILE_TYPES)[number];

const BY_EXTENSION: Readonly<Record<string, FileType>> = {
  ditaval: "DITAVAL",
  ditamap: "DITAMAP",
  bookmap: "DITAMAP",
  dita: "DITATOPIC",
  md: "MARKDOWN",
  markdown: "MARKDOWN",
  html: "HTML/CSS",
  htm: "HTML/CSS",
  css: "HTML/CSS",
};

/** Returns the type that a file's name implies; undefined for XML, whose content must be inspected. */
export function fileTypeOfName(name: string): FileType | undefined {
  const dot = name.lastIndexOf(".");
  if (dot < 0) return "OTHERS";
  const extension = name.slice(dot + 1).toLowerCase();
  if (extension === "xml") return undefined;
  return Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : "OTHERS";
}

const MAPS = new Set(["map", "bookmap", "subjectScheme", "learningMap", "learningBookmap", "learningGroupMap"]);
const TOPICS = new Set([
  "topic",
  "concept",
  "task",
  "reference",
  "glossentry",
  "glossgroup",
  "troubleshooting",
  "machinery",
  "dita",
  "learningOverview",
  "learningContent",
  "learningSummary",
  "learningAssessment",
  "learningPlan",
]);

/** Returns the type of an XML file by the root's `class`, the root's name or the doctype, in this order. */
export function fileTypeOfXmlHead(head: string): FileType {
  const { doctype, root, rootClass } = readXmlHead(head);
  if ((root ?? doctype) === "val") return "DITAVAL";
  const classes = rootClass?.split(/\s+/) ?? [];
  if (classes.includes("map/map")) return "DITAMAP";
  if (classes.includes("topic/topic")) return "DITATOPIC";
  for (const name of [root, doctype]) {
    if (name === undefined) continue;
    if (MAPS.has(name)) return "DITAMAP";
    if (TOPICS.has(name)) return "DITATOPIC";
  }
  return "OTHERS";
}
