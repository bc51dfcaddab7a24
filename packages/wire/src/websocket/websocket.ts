import { isUtf8 } from 'node:buffer'
import { isObject, type Json, usageError } from '@chaosproxy/history'
import type { Framing } from '../framing/framing.ts'
import { decodeFrames, encodeFrame, isControl, OPCODE } from './frame.ts'
import { createMessageScanner, createUpgradeScanner } from './websocket-scanner.ts'

/** The longest reason of a close frame: 125 bytes less two (RFC 6455 §5.5). */
const LONGEST_REASON_BYTES = 123

/**
 * WebSocket messages (RFC 6455), after an upgrade from HTTP/1.1. A text is read as JSON or, if it is not JSON, as text.
 * A binary message is read as `{"base64":…}`, and a close frame as `{"close":1011,"reason":…}`, with the code 1005 if
 * the frame has none. Compressed messages (permessage-deflate, RFC 7692) are not decoded, because each may refer to all
 * earlier ones. A server compresses messages only if the client offers compression.
 */
export const websocket: Framing = {
  name: 'websocket',
  readsJson: true,
  scanner: createUpgradeScanner,
  messageScanner: createMessageScanner,
  isHandshake: (message) => message.subarray(0, 4).equals(GET) || message.subarray(0, 5).equals(HTTP),
  withoutCompression: (handshake) => Buffer.from(handshake.toString('latin1').replace(EXTENSIONS, ''), 'latin1'),
  isCompressed: (message) => ((message[0] ?? 0) & RSV1) !== 0,
  read(message) {
    const payload = payloadOf(message)
    if (payload === undefined) return undefined
    return ((message[0] ?? 0) & OPCODE_BITS) === OPCODE.close ? closedBy(payload) : jsonOf(payload)
  },
  plain: (message) => payloadOf(message) ?? NOTHING,
  write(value, direction) {
    const masked = direction === 'requests'
    if (typeof value === 'string') return encodeFrame(OPCODE.text, Buffer.from(value), masked)
    if (isObject(value) && 'base64' in value && typeof value['base64'] === 'string')
      return encodeFrame(OPCODE.binary, Buffer.from(value['base64'], 'base64'), masked)
    if (isObject(value) && 'close' in value) return encodeFrame(OPCODE.close, closePayload(value), masked)
    return encodeFrame(OPCODE.text, Buffer.from(JSON.stringify(value)), masked)
  },
}

const GET = Buffer.from('GET ')
const HTTP = Buffer.from('HTTP/')
const NOTHING = Buffer.alloc(0)
const EXTENSIONS = /^sec-websocket-extensions:[^\r\n]*\r\n/gim
const RSV1 = 0x40
const OPCODE_BITS = 0x0f
/** Stands for the code of a close frame without a payload (RFC 6455 §7.1.5). */
const NO_CODE = 1005

function closedBy(payload: Buffer): Json {
  if (payload.length < 2) return { close: NO_CODE }
  const reason = payload.toString('utf8', 2)
  return { close: payload.readUInt16BE(), ...(reason === '' ? {} : { reason }) }
}

function closePayload(value: { readonly [member: string]: Json }): Buffer {
  const { close, reason = '' } = value
  if (close === NO_CODE) return NOTHING
  const text = Buffer.from(String(reason))
  const isCode = typeof close === 'number' && Number.isInteger(close) && close >= 1000 && close <= 4999
  if (!isCode || text.length > LONGEST_REASON_BYTES)
    throw usageError(
      `a close frame must have a code from 1000 to 4999 and a reason of at most ${LONGEST_REASON_BYTES} bytes, as {"close":1011,"reason":"…"}`,
    )
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(close)
  return Buffer.concat([payload, text])
}

/** Returns the payload, unless the message is compressed or malformed. */
function payloadOf(message: Buffer): Buffer | undefined {
  const frames = decodeFrames(message) ?? []
  const [first] = frames
  if (first === undefined || first.compressed) return undefined
  if (isControl(first.opcode)) return first.payload
  return Buffer.concat(frames.filter(({ opcode }) => !isControl(opcode)).map(({ payload }) => payload))
}

function jsonOf(payload: Buffer): Json {
  if (!isUtf8(payload)) return { base64: payload.toString('base64') }
  const text = payload.toString('utf8')
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
