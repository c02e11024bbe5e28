/** Takes the byte stream of a Kafka connection apart: four bytes of length, then as many bytes. */
const LENGTH_BYTES = 4;
/** The least that is in a frame, in either direction. */
const CORRELATION_ID_BYTES = 4;
/** Kafka's default `socket.request.max.bytes`. */
const MAX_FRAME_BYTES = 104_857_600;

/** @throws {@link RangeError} for a length that no frame has */
const frameBytes = (begin: Buffer): number => {
  const length = begin.readInt32BE();
  if (length < CORRELATION_ID_BYTES || length > MAX_FRAME_BYTES)
    throw new RangeError(`a frame of ${length} bytes cannot be`);
  return LENGTH_BYTES + length;
};

export class FrameReader {
  /** Of the frame that has begun: its length, or as much as all of it once that is known. The first `#filled` bytes are there. */
  #frame = Buffer.alloc(0);
  #filled = 0;

  /**
   * The frames that this chunk completes, each with its length in front. One that lies in the chunk is a view of it; a larger one is
   * copied once, into a buffer of its size.
   * @throws {@link RangeError} for a length that no frame has: the stream cannot be read any further
   */
  push(chunk: Buffer): readonly Buffer[] {
    const frames: Buffer[] = [];
    for (let at = 0; at < chunk.length;) {
      const rest = chunk.subarray(at);
      const whole = this.#filled === 0 ? this.#begin(rest) : undefined;
      at += whole?.length ?? this.#fill(rest);
      const frame = whole ?? this.#completed();
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  /** The frame at the beginning if it is whole; else makes room for it. */
  #begin(rest: Buffer): Buffer | undefined {
    const size = rest.length < LENGTH_BYTES ? LENGTH_BYTES : frameBytes(rest);
    if (size > LENGTH_BYTES && rest.length >= size) return rest.subarray(0, size);
    this.#frame = Buffer.allocUnsafe(size);
    return undefined;
  }

  #fill(rest: Buffer): number {
    const copied = rest.copy(this.#frame, this.#filled);
    this.#filled += copied;
    return copied;
  }

  #completed(): Buffer | undefined {
    const frame = this.#frame;
    if (this.#filled < frame.length) return undefined;
    if (frame.length === LENGTH_BYTES) {
      this.#frame = Buffer.allocUnsafe(frameBytes(frame));
      frame.copy(this.#frame);
      return undefined;
    }
    this.#filled = 0;
    return frame;
  }
}
