import { firstElements, isObjectLike, readProperty } from './safe-read.ts';

const MAX_VISITED = 64;

/**
 * Everything behind an error, beginning with itself: `cause`, the elements of `errors`, `originalError`, breadth first.
 * Each object once, at most 64 values, whatever the shape; a property that cannot be read counts as absent.
 */
export function* causes(value: unknown): Generator<unknown, void, undefined> {
  const seen = new Set<unknown>([value]);
  const queue: unknown[] = [value];
  for (let next = 0; next < queue.length; next += 1) {
    const current = queue[next];
    yield current;
    for (const behind of directCauses(current)) {
      if (seen.size >= MAX_VISITED) break;
      if (seen.has(behind)) continue;
      seen.add(behind);
      queue.push(behind);
    }
  }
}

/** What stands directly behind an error, in the order of `causes`. */
const directCauses = (value: unknown): readonly unknown[] => {
  if (!isObjectLike(value)) return [];
  const cause = readProperty(value, 'cause');
  const original = readProperty(value, 'originalError');
  return [
    ...(cause === undefined ? [] : [cause]),
    ...firstElements(readProperty(value, 'errors'), MAX_VISITED),
    ...(original === undefined ? [] : [original]),
  ];
};

/** Returns the object it is given, so that a subclass adds its private fields to that object instead of to a new one. */
// oxlint-disable-next-line typescript/no-extraneous-class -- it exists to be extended
class Adopted {
  constructor(adopted: object) {
    // oxlint-disable-next-line no-constructor-return -- the point of the class
    return adopted;
  }
}

/**
 * Private storage for `cause` and `errors` on an error that was made elsewhere. Not a private field of `BusbarError`:
 * that would make the type nominal, and two installed versions of the package would no longer fit each other.
 */
class Hidden extends Adopted {
  #cause: unknown;
  #errors: readonly unknown[] | undefined;

  constructor(error: Error, cause: unknown, errors: readonly unknown[] | undefined) {
    super(error);
    this.#cause = cause;
    this.#errors = errors;
  }

  static readonly cause: PropertyDescriptor & ThisType<object> = {
    configurable: true,
    enumerable: false,
    get(): unknown {
      return #cause in this ? this.#cause : undefined;
    },
  };

  static readonly errors: PropertyDescriptor & ThisType<object> = {
    configurable: true,
    enumerable: false,
    get(): readonly unknown[] | undefined {
      return #errors in this ? this.#errors : undefined;
    },
  };
}

/**
 * Gives an error `cause` and `errors` as own accessors. Node prints an uncaught error without asking its custom
 * inspection; it would print a plain `cause` property in full, with the passwords that drivers keep on their errors.
 */
export const hideCauses = (
  error: Error,
  behind: { readonly cause?: unknown; readonly errors?: readonly unknown[] },
): void => {
  const { cause, errors } = behind;
  if (cause === undefined && errors === undefined) return;
  // oxlint-disable-next-line no-new -- adds the private fields to `error`
  new Hidden(error, cause, errors);
  if (cause !== undefined) Object.defineProperty(error, 'cause', Hidden.cause);
  if (errors !== undefined) Object.defineProperty(error, 'errors', Hidden.errors);
};
