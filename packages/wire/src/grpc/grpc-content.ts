import { gunzipSync, inflateSync } from 'node:zlib'
import type { Captured } from '../http/body-capture.ts'
import { decodeMessage } from './decode-message.ts'
import type { MessageType } from './message-type.ts'
import { WireError } from './wire-reader.ts'

/** Whether a content type is gRPC's, except the browser variant (`grpc-web`), which has a different layout. */
export const isGrpc = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^application\/grpc(?!-web)\b/i.test(contentType)

/**
 * Returns the message of a body that has exactly one, as JSON if its type is known. Returns undefined for any other
 * body, and for a message that is not of this type.
 */
export function onlyMessage(
  body: Captured | undefined,
  encoding: string | undefined,
  type: MessageType | undefined,
): Captured | undefined {
  if (body === undefined || !('bytes' in body)) return undefined
  const messages = messagesOf(body.bytes, encoding)
  const message = messages?.length === 1 ? messages[0] : undefined
  if (message === undefined || type === undefined) return message === undefined ? undefined : { bytes: message }
  try {
    return { json: decodeMessage(message, type) }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
}

/** Each message's prefix: a compression flag and a length (gRPC over HTTP2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5
const MAXIMUM_UNPACKED_BYTES = 16 * 1024 * 1024

/** Returns the messages of a body, if it consists of whole messages. */
export function messagesOf(body: Buffer, encoding: string | undefined): readonly (Buffer | undefined)[] | undefined {
  const messages: (Buffer | undefined)[] = []
  let at = 0
  while (at < body.length) {
    if (at + PREFIX_BYTES > body.length) return undefined
    const end = at + PREFIX_BYTES + body.readUInt32BE(at + 1)
    if (end > body.length) return undefined
    const bytes = body.subarray(at + PREFIX_BYTES, end)
    messages.push(body[at] === 0 ? bytes : unpacked(bytes, encoding))
    at = end
  }
  return messages
}

function unpacked(bytes: Buffer, encoding: string | undefined): Buffer | undefined {
  const options = { maxOutputLength: MAXIMUM_UNPACKED_BYTES }
  try {
    switch (encoding?.toLowerCase()) {
      case 'gzip':
        return gunzipSync(bytes, options)
      case 'deflate':
        return inflateSync(bytes, options)
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}
