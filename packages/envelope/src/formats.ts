/*
 * The formats that events use most, checked by character codes: two regular-expression formats cost ten times the
 * rest of a typical data check. Strict RFC 3339 and RFC 9562: no blank instead of `T`, no `[zone]` suffix, no `urn:uuid:`.
 */

const ZERO = 48;
const NINE = 57;
const DASH = 45;
const COLON = 58;
const DOT = 46;
const PLUS = 43;
const UPPER_T = 84;
const UPPER_Z = 90;
/** Sets the bit that tells a lower-case ASCII letter from its upper-case form. */
const LOWER = 0x20;

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

const isHexDigit = (code: number): boolean => isDigit(code) || ((code | LOWER) >= 97 && (code | LOWER) <= 102);

/** The number that two digits spell, or -1. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at);
  const ones = text.charCodeAt(at + 1);
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + (ones - ZERO) : -1;
}

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function daysOfMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0);
}

/** Whether ten characters from `at` are a calendar date. */
function isDateAt(text: string, at: number): boolean {
  const century = twoDigits(text, at);
  const yearOfCentury = twoDigits(text, at + 2);
  const month = twoDigits(text, at + 5);
  const day = twoDigits(text, at + 8);
  if (century < 0 || yearOfCentury < 0 || text.charCodeAt(at + 4) !== DASH || text.charCodeAt(at + 7) !== DASH)
    return false;
  return day >= 1 && day <= daysOfMonth(century * 100 + yearOfCentury, month);
}

/** The offset in minutes that ends the text at `at`, or undefined. */
function offsetAt(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if ((sign & ~LOWER) === UPPER_Z) return text.length === at + 1 ? 0 : undefined;
  if ((sign !== PLUS && sign !== DASH) || text.length !== at + 6 || text.charCodeAt(at + 3) !== COLON) return undefined;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined;
  return (sign === PLUS ? 1 : -1) * (hours * 60 + minutes);
}

/** Skips `.123`; the index of the offset, or -1 when a dot has no digit after it. */
function afterFraction(text: string, at: number): number {
  if (text.charCodeAt(at) !== DOT) return at;
  let end = at + 1;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return end === at + 1 ? -1 : end;
}

/** Whether the text from `at` to its end is a time of day with an offset. A leap second counts at 23:59:60 UTC only. */
function isTimeAt(text: string, at: number): boolean {
  const hours = twoDigits(text, at);
  const minutes = twoDigits(text, at + 3);
  const seconds = twoDigits(text, at + 6);
  if (text.charCodeAt(at + 2) !== COLON || text.charCodeAt(at + 5) !== COLON) return false;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return false;
  const offsetStart = afterFraction(text, at + 8);
  const offsetMinutes = offsetStart < 0 ? undefined : offsetAt(text, offsetStart);
  if (offsetMinutes === undefined) return false;
  return seconds < 60 || (hours * 60 + minutes - offsetMinutes + 1440) % 1440 === 1439;
}

/** Whether the text is a UUID of any version, RFC 9562 §4. */
export function isUuid(text: string): boolean {
  if (text.length !== 36) return false;
  for (let index = 0; index < 36; index += 1) {
    const code = text.charCodeAt(index);
    const right = index === 8 || index === 13 || index === 18 || index === 23 ? code === DASH : isHexDigit(code);
    if (!right) return false;
  }
  return true;
}

/** Whether the text is a full-date of RFC 3339 §5.6. */
export const isDate = (text: string): boolean => text.length === 10 && isDateAt(text, 0);

/** Whether the text is a full-time of RFC 3339 §5.6. */
export const isTime = (text: string): boolean => isTimeAt(text, 0);

/** Whether the text is a date-time of RFC 3339 §5.6. */
export const isDateTime = (text: string): boolean =>
  (text.charCodeAt(10) & ~LOWER) === UPPER_T && isDateAt(text, 0) && isTimeAt(text, 11);

/** The formats that replace those of TypeBox in compiled schemas. */
export const CHAR_CODE_FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['uuid', isUuid],
  ['date', isDate],
  ['time', isTime],
  ['date-time', isDateTime],
]);
