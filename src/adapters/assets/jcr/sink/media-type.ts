/** Media types by extension, as AEM stores them. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  dita: "application/xml",
  ditamap: "application/xml",
  bookmap: "application/xml",
  ditaval: "application/xml",
  xml: "application/xml",
  md: "text/markdown",
  markdown: "text/markdown",
  html: "text/html",
  htm: "text/html",
  css: "text/css",
  txt: "text/plain",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  pdf: "application/pdf",
  zip: "application/zip",
};

export function mediaTypeOf(name: string): string {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  const known = Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
  return known ?? "application/octet-stream";
}
