import { type DitaKind, ditaRootOf } from "./dita-root.js";
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

const BY_KIND: Readonly<Record<DitaKind, FileType>> = {
  topic: "DITATOPIC",
  composite: "DITATOPIC",
  map: "DITAMAP",
  conditions: "DITAVAL",
};

/** Returns the type of an XML file by its root element, or by the doctype if the head ends before the root. */
export function fileTypeOfXmlHead(head: string): FileType {
  const { doctype, root, rootClass } = readXmlHead(head);
  const dita = ditaRootOf(root ?? doctype ?? "", rootClass);
  return dita ? BY_KIND[dita.kind] : "OTHERS";
}
