/** The repository's tables, as SqlText knows them. */
export const ASSET = "{asset}";
export const CONTENT = "{content}";
export const PIECE = "{content_piece}";
