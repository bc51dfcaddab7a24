import type { Captured } from '../http/body-capture.ts'
import { decodeMessage } from './decode-message.ts'
import { messagesOf } from './grpc-body.ts'
import type { MessageType } from './message-type.ts'
import { WireError } from './wire-reader.ts'

/** Whether a request, or an answer, says that it is gRPC's; what browsers speak (`grpc-web`) is laid out differently. */
export const isGrpc = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^application\/grpc(?!-web)\b/i.test(contentType)

/**
 * The one message of a body; as JSON where its type is known. Undefined where there are none or several of them, as in a
 * stream, or it is none of this type.
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
