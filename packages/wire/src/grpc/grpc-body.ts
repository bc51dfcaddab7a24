import { gunzipSync, inflateSync } from 'node:zlib'

/** The prefix of each message: a compressed flag and its length (gRPC over HTTP2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5
const MAXIMUM_UNPACKED_BYTES = 16 * 1024 * 1024

/** The messages of a body; undefined if it does not consist of whole messages. */
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

/** Undefined if the bytes cannot be decompressed. */
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
