/** The parts of a content type that decide how a value is read. */
export interface ContentType {
  /** In lower case. */
  readonly mediaType: string;
  readonly isUtf8: boolean;
}

const PLAIN_JSON: ContentType = Object.freeze({ mediaType: 'application/json', isUtf8: true });
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/** Reads a `content-type` header; any case, with or without parameters. */
export function parseContentType(text: string): ContentType {
  if (text === 'application/json') return PLAIN_JSON;
  const [mediaType = ''] = text.split(';', 1);
  const charset = CHARSET.exec(text)?.[1]?.toLowerCase();
  return {
    mediaType: mediaType.trim().toLowerCase(),
    isUtf8: charset === undefined || charset === 'utf-8' || charset === 'utf8',
  };
}

const JSON_TYPE = /^(?:application\/json|text\/json|[^/\s]+\/[^/\s]+\+json)$/;

/** Whether data of this type is JSON in UTF-8. */
export const isJson = (type: ContentType): boolean => type.isUtf8 && JSON_TYPE.test(type.mediaType);
