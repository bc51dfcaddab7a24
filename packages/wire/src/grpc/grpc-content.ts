import type { Captured } from '../http/body-capture.ts'
import { decodeMessage } from './decode-message.ts'
import { messagesOf } from './grpc-body.ts'
import type { MessageType } from './message-type.ts'
import { WireError } from './wire-reader.ts'

/** Whether a content type is gRPC's. The browser variant (`grpc-web`) has a different layout. */
export const isGrpc = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^application\/grpc(?!-web)\b/i.test(contentType)

/**
 * The only message of a body, as JSON if its type is known. Undefined if there is no message, or several as in a
 * stream, or one that does not match its type.
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
