import { readString } from './safe-read.ts';

/** Frames of one error that are shown. */
export const MAX_FRAMES = 20;

const MAX_FRAME_CHARS = 300;
const FRAME = /^ {4}at .*(?::\d+:\d+\)?|<anonymous>\)?|\(native\)|\(index \d+\))$/;

/**
 * The frames of a stack without its header: the header repeats the message, which may not be ours to show.
 * Only the lines at the end that look like frames count, so that a message of several lines cannot pass for one.
 */
export const framesOf = (error: unknown): readonly string[] => {
  const stack = readString(error, 'stack') ?? '';
  const message = readString(error, 'message') ?? '';
  const header = message === '' ? -1 : stack.indexOf(message);
  const lines = (header === -1 ? stack : stack.slice(header + message.length)).split('\n');
  const frames: string[] = [];
  for (let line = lines.pop(); line !== undefined && FRAME.test(line); line = lines.pop()) {
    if (line.length <= MAX_FRAME_CHARS) frames.unshift(line);
  }
  return frames;
};

/**
 * Turns stack traces off and answers the limit that was in force, for {@link limitStacks} to set again.
 * Two calls instead of a closure: refusals are made by the million.
 */
export const muteStacks = (): number => {
  const before = Error.stackTraceLimit;
  limitStacks(0);
  return before;
};

/** Sets the limit, unless `Error` is frozen: then stacks stay as they are. */
export const limitStacks = (limit: number): void => {
  try {
    Error.stackTraceLimit = limit;
  } catch {
    // A frozen `Error` is somebody's decision (`--frozen-intrinsics`): the error is made with its stack.
  }
};
