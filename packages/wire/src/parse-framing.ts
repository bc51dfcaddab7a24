import { isObject, UserError } from '@chaosproxy/history'
import type { Framing } from './framing/framing.ts'
import type { LengthPrefix } from './framing/length-prefix-scanner.ts'
import { lengthPrefixed } from './framing/length-prefixed.ts'
import { framings } from './framings.ts'

/** The names that `parseFraming` accepts, for help and documents. */
export const framingNames: readonly string[] = [...framings.map(({ name }) => name), 'length-prefixed']

const PREFIX_EXAMPLE = '{"kind":"length-prefixed","lengthFieldLength":4,"byteOrder":"big"}'
/** No protocol has a longer header. */
const LARGEST_OFFSET_BYTES = 1024

/**
 * Reads a framing: its name, or an object with the name as `kind` and the framing's own members.
 *
 * @throws UserError (usage) that begins with `where`.
 */
export function parseFraming(json: unknown, where: string): Framing {
  const members: Readonly<Record<string, unknown>> = isObject(json) ? json : { kind: json }
  const known = framings.find(({ name }) => name === members['kind'])
  if (known !== undefined) {
    refuseUnknown(members, ['kind'], where)
    return known
  }
  if (members['kind'] === 'length-prefixed') return lengthPrefixed(parsePrefix(members, where))
  throw new UserError(
    'usage',
    `${where}: there is no framing ${JSON.stringify(members['kind'])}; there are ${framingNames.join(', ')}`,
  )
}

function parsePrefix(members: Readonly<Record<string, unknown>>, where: string): LengthPrefix {
  refuseUnknown(members, ['kind', 'lengthFieldOffset', 'lengthFieldLength', 'byteOrder', 'lengthAdjustment'], where)
  const { lengthFieldLength, byteOrder = 'big', lengthFieldOffset = 0, lengthAdjustment = 0 } = members
  if (lengthFieldLength !== 1 && lengthFieldLength !== 2 && lengthFieldLength !== 3 && lengthFieldLength !== 4)
    throw new UserError('usage', `${where}: lengthFieldLength is 1, 2, 3 or 4 bytes, as in ${PREFIX_EXAMPLE}`)
  if (byteOrder !== 'big' && byteOrder !== 'little')
    throw new UserError('usage', `${where}: byteOrder is "big" or "little", as in ${PREFIX_EXAMPLE}`)
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
  throw new UserError('usage', `${what} is a whole number of bytes, ${least} to ${LARGEST_OFFSET_BYTES}`)
}

function refuseUnknown(members: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
  const unknown = Object.keys(members).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new UserError('usage', `${where}: unknown member ${JSON.stringify(unknown)}; there are ${known.join(', ')}`)
}
