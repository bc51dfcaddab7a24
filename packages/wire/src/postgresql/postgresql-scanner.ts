import { type FrameScanner, NEEDS_MORE, NOT_FRAMED } from '../framing/frame-scanner.ts'
import type { Direction } from '../framing/framing.ts'
import {
  CANCEL_REQUEST,
  ENCRYPTION_ANSWERS,
  GSSENC_REQUEST,
  LONGEST_MESSAGE_BYTES,
  LONGEST_SHORT_BYTES,
  LONGEST_STARTUP_BYTES,
  MAJOR_VERSION,
  REQUEST_TYPES,
  RESPONSE_TYPES,
  SHORT_REQUESTS,
  SSL_REQUEST,
} from './layout.ts'

/**
 * Creates a scanner for one direction. Requests begin with startup packets, and responses with the replies to requests
 * for encryption. Encrypted bytes are not framed.
 *
 * @param begins `earlier` for a connection that is past its start.
 */
export function createPostgresqlScanner(direction: Direction, begins: 'here' | 'earlier' = 'here'): FrameScanner {
  const isRequests = direction === 'requests'
  const types = isRequests ? REQUEST_TYPES : RESPONSE_TYPES
  let isStarting = begins === 'here'
  let isEncrypted = false
  const header = Buffer.alloc(8)
  let headerBytes = 0
  let left = 0

  const headerLength = (): number => (isRequests && isStarting ? 8 : 5)

  function bodyBytes(): number {
    if (isRequests && isStarting) {
      const length = header.readUInt32BE(0)
      const code = header.readUInt32BE(4)
      const isStartup = code >>> 16 === MAJOR_VERSION
      const isKnown = isStartup || code === SSL_REQUEST || code === GSSENC_REQUEST || code === CANCEL_REQUEST
      if (!isKnown || length < 8 || length > LONGEST_STARTUP_BYTES) return NOT_FRAMED
      if (isStartup) isStarting = false
      return length - 8
    }
    const length = header.readUInt32BE(1)
    const isShort = isRequests && SHORT_REQUESTS.includes(String.fromCharCode(header[0] ?? 0))
    return length < 4 || length > (isShort ? LONGEST_SHORT_BYTES : LONGEST_MESSAGE_BYTES) ? NOT_FRAMED : length - 4
  }

  function mayBegin(byte: number): boolean {
    // A startup packet is short, so its length begins with a zero byte.
    if (isRequests && isStarting) return byte === 0
    return types.includes(String.fromCharCode(byte))
  }

  return {
    scan(bytes, start) {
      let at = start
      if (headerBytes === 0) {
        const first = bytes[at] ?? 0
        if (isEncrypted) return NOT_FRAMED
        if (!isRequests && isStarting) {
          if (ENCRYPTION_ANSWERS.includes(String.fromCharCode(first))) {
            isEncrypted = String.fromCharCode(first) !== 'N'
            return at + 1
          }
          isStarting = false
        }
        if (!mayBegin(first)) return NOT_FRAMED
      }
      while (headerBytes < headerLength()) {
        if (at === bytes.length) return NEEDS_MORE
        header[headerBytes++] = bytes[at++] ?? 0
        if (headerBytes < headerLength()) continue
        left = bodyBytes()
        if (left === NOT_FRAMED) return NOT_FRAMED
      }
      if (bytes.length - at < left) {
        left -= bytes.length - at
        return NEEDS_MORE
      }
      at += left
      left = 0
      headerBytes = 0
      return at
    },
  }
}
