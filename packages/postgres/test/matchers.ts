import { expect } from 'vitest';

// Vitest types its asymmetric matchers `any`; these are the same ones, typed `unknown`.

export const aNumber: unknown = expect.any(Number);
export const aText: unknown = expect.any(String);
export const like = (shape: object): unknown => expect.objectContaining(shape);
export const containing = (part: string): unknown => expect.stringContaining(part);
export const oneOf = (...values: readonly unknown[]): unknown => expect.toBeOneOf([...values]);
export const allOf = (...values: readonly unknown[]): unknown => expect.arrayContaining([...values]);
