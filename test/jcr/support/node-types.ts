/** The DAM's types as Adobe documents them, and Sling's folders, which plain Oak lacks. Registering them again changes nothing. */
const CND = `
<dam='http://www.day.com/dam/1.0'>
<sling='http://sling.apache.org/jcr/sling/1.0'>
<nt='http://www.jcp.org/jcr/nt/1.0'>
<jcr='http://www.jcp.org/jcr/1.0'>
<dc='http://purl.org/dc/elements/1.1/'>
[dam:AssetContent] > nt:unstructured
  + metadata (nt:unstructured)
  + related (nt:unstructured)
  + renditions (nt:folder)
[dam:Asset] > nt:hierarchyNode
  primaryitem jcr:content
  + jcr:content (dam:AssetContent) = dam:AssetContent
  + * (nt:base) = nt:base version
`;

const FOLDERS = `
[sling:Folder] > nt:folder
  - * (undefined) multiple
  - * (undefined)
  + * (nt:base) = sling:Folder version
[sling:OrderedFolder] > sling:Folder
  orderable
  + * (nt:base) = sling:OrderedFolder version
`;

/** By PROPPATCH, namespaces inside the CND: setting them as a property would take away all others. */
export async function registerNodeTypes(origin: string, workspace: string, authorization: string): Promise<void> {
  for (const cnd of [CND + FOLDERS, CND]) {
    const body = `<?xml version="1.0" encoding="UTF-8"?>
<D:propertyupdate xmlns:D="DAV:" xmlns:dcr="http://www.day.com/jcr/webdav/1.0"><D:set><D:prop><dcr:nodetypes-cnd>
<dcr:cnd><![CDATA[${cnd}]]></dcr:cnd><dcr:allowupdate>true</dcr:allowupdate></dcr:nodetypes-cnd></D:prop></D:set></D:propertyupdate>`;
    const response = await fetch(`${origin}${workspace.replace(/\/jcr:root$/, "")}`, {
      method: "PROPPATCH",
      headers: { Authorization: authorization, Referer: `${origin}/`, "Content-Type": "application/xml" },
      body,
    });
    const text = await response.text();
    if (response.status === 207 && !/HTTP\/1\.1 [45]/.test(text)) return;
    // Where Sling has its folders already, they are not to be changed.
  }
  throw new Error("the server does not take the DAM's node types");
}
