/** Names of the repository's tables, for SqlText. */
export const ASSET = "{asset}";
export const CONTENT = "{content}";
export const PIECE = "{content_piece}";
