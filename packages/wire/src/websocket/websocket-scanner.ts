import { type FrameScanner, NEEDS_MORE, NOT_FRAMED } from '../framing/frame-scanner.ts'
import type { Direction } from '../framing/framing.ts'
import { isControl, isKnown, OPCODE } from './frame.ts'

/** The longest head, as in node:http. */
const LONGEST_HEAD_BYTES = 16 * 1024
const HEAD_END = '\r\n\r\n'
/** The largest exact double. The standard allows up to 2⁶³ bytes. */
const LONGEST_PAYLOAD_BYTES = Number.MAX_SAFE_INTEGER

/**
 * Creates a scanner for a WebSocket connection from its first byte. Before the upgrade, each HTTP head is a message.
 * After the upgrade, a message consists of all fragments of a WebSocket message and the control frames between them, or
 * of a single control frame elsewhere. Other HTTP exchanges are not framed.
 */
export function createUpgradeScanner(direction: Direction): FrameScanner {
  const messages = createMessageScanner(direction)
  let upgraded = false
  let head: string[] = []
  let headBytes = 0
  let [first, last] = ['', '']

  function takeHead(bytes: Buffer, start: number): number {
    const text = bytes.toString('latin1', start, start + LONGEST_HEAD_BYTES + 1)
    const end = (last + text).indexOf(HEAD_END)
    const length = end < 0 ? text.length : end + HEAD_END.length - last.length
    const part = text.slice(0, length)
    head.push(part)
    headBytes += length
    first = (first + part).slice(0, starts[direction].length)
    last = (last + part).slice(1 - HEAD_END.length)
    if (headBytes > LONGEST_HEAD_BYTES || !isStart(first, direction)) return NOT_FRAMED
    if (end < 0) return NEEDS_MORE
    const meaning = meaningOf(head.join(''), direction)
    head = []
    headBytes = 0
    first = last = ''
    if (meaning === 'other') return NOT_FRAMED
    upgraded = meaning === 'upgrade'
    return start + length
  }

  return { scan: (bytes, start) => (upgraded ? messages.scan(bytes, start) : takeHead(bytes, start)) }
}

const starts: { readonly [direction in Direction]: string } = { requests: 'GET ', responses: 'HTTP/1.1 ' }

const isStart = (head: string, direction: Direction): boolean =>
  head.startsWith(starts[direction].slice(0, head.length))

/** `wait`: an interim response (RFC 9110 §15.2). */
function meaningOf(head: string, direction: Direction): 'upgrade' | 'wait' | 'other' {
  if (!isStart(head, direction)) return 'other'
  if (direction === 'requests') return /^upgrade:[^\r\n]*\bwebsocket\b/im.test(head) ? 'upgrade' : 'other'
  if (head.startsWith('HTTP/1.1 101')) return 'upgrade'
  return head.startsWith('HTTP/1.1 10') ? 'wait' : 'other'
}

export function createMessageScanner(direction: Direction): FrameScanner {
  const mustMask = direction === 'requests'
  let headerRead = 0
  let headerBytes = 2
  let opcode = 0
  let final = false
  let length = 0
  let maskBytes = 0
  let payloadLeft = 0
  let inMessage = false

  /** Takes the first byte of a frame, unless it is invalid. */
  function takeFirst(byte: number): boolean {
    final = byte >= 0x80
    opcode = byte & 0x0f
    // RSV2 and RSV3 are unused. Control frames are neither fragmented nor compressed.
    if (!isKnown(opcode) || (byte & 0x30) !== 0) return false
    if (isControl(opcode)) return final && (byte & 0x40) === 0
    return inMessage === (opcode === OPCODE.continuation)
  }

  function takeSecond(byte: number): boolean {
    const short = byte & 0x7f
    if (mustMask !== byte >= 0x80 || (isControl(opcode) && short > 125)) return false
    maskBytes = mustMask ? 4 : 0
    headerBytes = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + maskBytes
    length = short < 126 ? short : 0
    return true
  }

  function takeHeader(byte: number): boolean {
    const place = headerRead++
    if (place === 0) return takeFirst(byte)
    if (place === 1) return takeSecond(byte)
    if (place < headerBytes - maskBytes) length = length * 256 + byte
    return length <= LONGEST_PAYLOAD_BYTES
  }

  /** Ends a frame. Returns whether it also ends its message. */
  function endFrame(): boolean {
    headerRead = 0
    headerBytes = 2
    if (isControl(opcode)) return !inMessage
    inMessage = !final
    return final
  }

  return {
    scan(bytes, start) {
      let at = start
      for (;;) {
        while (headerRead < headerBytes) {
          const byte = bytes[at]
          if (byte === undefined) return NEEDS_MORE
          if (!takeHeader(byte)) return NOT_FRAMED
          at++
          if (headerRead === headerBytes) payloadLeft = length
        }
        const taken = Math.min(payloadLeft, bytes.length - at)
        payloadLeft -= taken
        at += taken
        if (payloadLeft > 0) return NEEDS_MORE
        if (endFrame()) return at
      }
    },
  }
}
