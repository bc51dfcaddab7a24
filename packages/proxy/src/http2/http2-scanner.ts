import type { FrameScanner } from '../framing/frame-scanner.ts'
import { NEEDS_MORE, NOT_FRAMED } from '../framing/frame-scanner.ts'
import { createLengthPrefixScanner } from '../framing/length-prefix-scanner.ts'
import { HEADER_BYTES, PREFACE } from './frames.ts'

/** Frames of HTTP/2, in requests behind the preface, which is the first of them here. */
export function createHttp2Scanner(direction: 'requests' | 'responses'): FrameScanner {
  // The length is that of the payload alone, behind the other six bytes of the header.
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
