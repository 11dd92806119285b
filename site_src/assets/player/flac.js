// Reads the head of a FLAC file and makes parts of it decodable. A part is a run of whole FLAC
// frames, from one point of the file's seek table to the next. Format: RFC 9639.

/** Bytes that hold the head of a file of at most ten hours, with a point every ten seconds. */
export const HEAD_BYTES = 65_536;

/** Bytes of the marker and the first block, which describes the stream. */
const STREAM_BYTES = 42;
const SEEK_TABLE = 3;
const POINT_BYTES = 18;

/**
 * @typedef {object} FlacPart
 * @property {number} start  Its first sample.
 * @property {number} end  The sample after its last.
 * @property {number} from  The position of its first byte.
 * @property {number} to  The position after its last byte; Infinity at the end of the file.
 *
 * @param {ArrayBuffer} bytes  The first bytes of a file.
 * @returns {{stream: Uint8Array, parts: FlacPart[]} | null}  `stream` describes the stream to
 *   `playable`. Null if the bytes hold no seek table of a FLAC file.
 */
export function readHead(bytes) {
  const view = new DataView(bytes);
  if (bytes.byteLength < STREAM_BYTES || view.getUint32(0) !== 0x664c6143) return null;
  const samples = (view.getUint8(21) & 15) * 2 ** 32 + view.getUint32(22);
  let points = [];
  let [at, last] = [4, false];
  while (!last) {
    if (at + 4 > bytes.byteLength) return null;
    last = view.getUint8(at) >= 128;
    const kind = view.getUint8(at) & 127;
    const length = view.getUint32(at) & 0xffffff;
    at += 4;
    if (kind === SEEK_TABLE && at + length <= bytes.byteLength) {
      points = Array.from({ length: length / POINT_BYTES }, (_, index) => ({
        start: Number(view.getBigUint64(at + index * POINT_BYTES)),
        from: Number(view.getBigUint64(at + index * POINT_BYTES + 8)),
      }));
    }
    at += length;
  }
  if (!points.length) return null;
  const end = { start: samples, from: Infinity };
  const parts = points.map(({ start, from }, index) => {
    const next = points[index + 1] ?? end;
    return { start, end: next.start, from: at + from, to: at + next.from };
  });
  return { stream: new Uint8Array(bytes.slice(0, STREAM_BYTES)), parts };
}

/**
 * Return a part as a FLAC file of its own.
 *
 * @param {Uint8Array} stream  From the head of the file.
 * @param {ArrayBuffer} frames  The bytes of the part.
 * @returns {ArrayBuffer}
 */
export function playable(stream, frames) {
  const file = new Uint8Array(STREAM_BYTES + frames.byteLength);
  file.set(stream);
  // There is no other block; the number of samples and the checksum are unknown.
  file[4] |= 128;
  file[21] &= 240;
  file.fill(0, 22, STREAM_BYTES);
  file.set(new Uint8Array(frames), STREAM_BYTES);
  return file.buffer;
}
