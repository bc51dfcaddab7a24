import { isUtf8 } from 'node:buffer'
import { isObject, type Json, usageError } from '@chaosproxy/history'
import type { Framing } from './framing/framing.ts'
import { createLengthPrefixScanner, type LengthPrefix } from './framing/length-prefix-scanner.ts'
import { framings } from './framings.ts'

/** Returns the names that `parseFraming` accepts, for help and documentation. */
export const framingNames = (): readonly string[] => [...framings.map(({ name }) => name), 'length-prefixed']

const PREFIX_EXAMPLE = '{"kind":"length-prefixed","lengthFieldLength":4,"byteOrder":"big"}'
/** No protocol has a longer header. */
const LARGEST_OFFSET_BYTES = 1024

/**
 * Parses a framing: its name, or an object with the name as `kind`.
 *
 * @throws UserError (usage) with a message that begins with `where`.
 */
export function parseFraming(json: unknown, where: string): Framing {
  const members: Readonly<Record<string, unknown>> = isObject(json) ? json : { kind: json }
  const known = framings.find(({ name }) => name === members['kind'])
  if (known !== undefined) {
    refuseUnknown(members, ['kind'], where)
    return known
  }
  if (members['kind'] === 'length-prefixed') return lengthPrefixed(parsePrefix(members, where))
  throw usageError(
    `${where}: there is no framing ${JSON.stringify(members['kind'])}; there are ${framingNames().join(', ')}`,
  )
}

function parsePrefix(members: Readonly<Record<string, unknown>>, where: string): LengthPrefix {
  refuseUnknown(members, ['kind', 'lengthFieldOffset', 'lengthFieldLength', 'byteOrder', 'lengthAdjustment'], where)
  const { lengthFieldLength, byteOrder = 'big', lengthFieldOffset = 0, lengthAdjustment = 0 } = members
  if (lengthFieldLength !== 1 && lengthFieldLength !== 2 && lengthFieldLength !== 3 && lengthFieldLength !== 4)
    throw usageError(`${where}: lengthFieldLength must be 1, 2, 3 or 4 bytes, as in ${PREFIX_EXAMPLE}`)
  if (byteOrder !== 'big' && byteOrder !== 'little')
    throw usageError(`${where}: byteOrder must be "big" or "little", as in ${PREFIX_EXAMPLE}`)
  return {
    lengthFieldLength,
    byteOrder,
    lengthFieldOffset: wholeNumber(lengthFieldOffset, 0, `${where}: lengthFieldOffset`),
    lengthAdjustment: wholeNumber(lengthAdjustment, -LARGEST_OFFSET_BYTES, `${where}: lengthAdjustment`),
  }
}

function wholeNumber(value: unknown, least: number, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= LARGEST_OFFSET_BYTES)
    return value
  throw usageError(`${what} must be a whole number of bytes, ${least} to ${LARGEST_OFFSET_BYTES}`)
}

function refuseUnknown(members: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
  const unknown = Object.keys(members).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw usageError(`${where}: unknown member ${JSON.stringify(unknown)}; there are ${known.join(', ')}`)
}

/** Returns the framing of messages with a length prefix. They are read as text or as `{"base64":…}`. */
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
        throw usageError(`a message of ${body.length} bytes does not fit its length field`)
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
  throw usageError('a length-prefixed message must be a string, or bytes as {"base64":"…"}')
}
