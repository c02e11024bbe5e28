/** Takes the byte stream of a Kafka connection apart: four bytes of length, then as many bytes. */
const LENGTH_BYTES = 4;
/** The least that is in a frame, in either direction. */
const CORRELATION_ID_BYTES = 4;
/** Kafka's default `socket.request.max.bytes`. */
const MAX_FRAME_BYTES = 104_857_600;

export class FrameReader {
  #chunks: Buffer[] = [];
  #received = 0;
  /** Bytes without which there is nothing to do: of the length, then of the whole frame. */
  #wanted = LENGTH_BYTES;

  /**
   * The frames that this chunk completes, each with its length in front.
   * @throws {@link RangeError} for a length that no frame has: the stream cannot be read any further
   */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    const frames: Buffer[] = [];
    // Joined only when there are enough bytes: a large frame comes in many chunks.
    while (this.#received >= this.#wanted) {
      const received = Buffer.concat(this.#chunks);
      const length = received.readInt32BE();
      if (length < CORRELATION_ID_BYTES || length > MAX_FRAME_BYTES)
        throw new RangeError(`a frame of ${length} bytes cannot be`);
      const end = LENGTH_BYTES + length;
      const isWhole = received.length >= end;
      if (isWhole) frames.push(received.subarray(0, end));
      const rest = isWhole ? received.subarray(end) : received;
      this.#wanted = isWhole ? LENGTH_BYTES : end;
      this.#chunks = [rest];
      this.#received = rest.length;
    }
    return frames;
  }
}
