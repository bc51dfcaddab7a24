import { isUtf8 } from 'node:buffer'
import { type Json, UserError } from '@chaosproxy/history'
import type { Framing } from './framing.ts'
import { createLengthPrefixScanner, type LengthPrefix } from './length-prefix-scanner.ts'

/** Messages with a length prefix. Their content is unknown, and read as text or as `{"base64":…}`. */
export function lengthPrefixed(prefix: LengthPrefix): Framing {
  const offset = prefix.lengthFieldOffset ?? 0
  const headerBytes = offset + prefix.lengthFieldLength
  return {
    name: 'length-prefixed',
    scanner: () => createLengthPrefixScanner(prefix),
    read(message) {
      const body = message.subarray(headerBytes)
      return isUtf8(body) ? body.toString('utf8') : { base64: body.toString('base64') }
    },
    write(value) {
      const body = bodyOf(value)
      const declared = body.length - (prefix.lengthAdjustment ?? 0)
      if (declared < 0 || declared >= 256 ** prefix.lengthFieldLength)
        throw new UserError('usage', `a message of ${body.length} bytes does not fit its length field`)
      const header = Buffer.alloc(headerBytes)
      if (prefix.byteOrder === 'big') header.writeUIntBE(declared, offset, prefix.lengthFieldLength)
      else header.writeUIntLE(declared, offset, prefix.lengthFieldLength)
      return Buffer.concat([header, body])
    },
  }
}

function bodyOf(value: Json): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  if (typeof value === 'object' && value !== null && 'base64' in value && typeof value['base64'] === 'string')
    return Buffer.from(value['base64'], 'base64')
  throw new UserError('usage', 'a length-prefixed message is a text, or bytes as {"base64":"…"}')
}
