import { type FrameScanner, NEEDS_MORE, NOT_FRAMED } from '../framing/frame-scanner.ts'
import { createLengthPrefixScanner } from '../framing/length-prefix-scanner.ts'
import { HEADER_BYTES, PREFACE } from './frames.ts'

/** Scans HTTP/2 frames. The preface counts as the first frame of requests. */
export function createHttp2Scanner(direction: 'requests' | 'responses'): FrameScanner {
  // The length field counts only the payload. Between the length field and the payload are six more header bytes.
  const frames = createLengthPrefixScanner({
    lengthFieldLength: 3,
    byteOrder: 'big',
    lengthAdjustment: HEADER_BYTES - 3,
  })
  let prefaceRead = direction === 'requests' ? 0 : PREFACE.length
  return {
    scan(bytes, start) {
      if (prefaceRead === PREFACE.length) return frames.scan(bytes, start)
      const part = bytes.subarray(start, start + PREFACE.length - prefaceRead)
      if (!part.equals(PREFACE.subarray(prefaceRead, prefaceRead + part.length))) return NOT_FRAMED
      prefaceRead += part.length
      return prefaceRead === PREFACE.length ? start + part.length : NEEDS_MORE
    },
  }
}
