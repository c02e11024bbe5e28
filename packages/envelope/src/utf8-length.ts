const SHORT_TEXT = 64;

/** UTF-8 bytes of a text; a call into the runtime costs more than looking at a short ASCII text. */
export function utf8Length(text: string): number {
  if (text.length > SHORT_TEXT) return Buffer.byteLength(text);
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return Buffer.byteLength(text);
  }
  return text.length;
}
