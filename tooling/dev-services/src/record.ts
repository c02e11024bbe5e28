/** Reading our own JSON files back without trusting them: field by field, `undefined` for anything else than expected. */

export type JsonRecord = Readonly<Record<string, unknown>>;

export const isJsonRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const stringOf = (record: JsonRecord, field: string): string => {
  const value = record[field];
  return typeof value === 'string' ? value : '';
};

export const numberOf = (record: JsonRecord, field: string): number => {
  const value = record[field];
  return typeof value === 'number' ? value : Number.NaN;
};

export const stringsOf = (record: JsonRecord, field: string): readonly string[] => {
  const value = record[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
};

export const numbersOf = (record: JsonRecord, field: string): readonly number[] => {
  const value = record[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : [];
};
