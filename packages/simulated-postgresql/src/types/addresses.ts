import { order } from '../order.ts'
import { NotSupported, SqlError } from '../sql/error.ts'

// inet and cidr values are texts with the prefix length. Most network functions are not simulated.

interface Address {
  readonly isV6: boolean
  readonly bits: bigint
  readonly prefix: number
}

const WIDTHS = { v4: 32, v6: 128 } as const
const widthOf = (isV6: boolean): number => (isV6 ? WIDTHS.v6 : WIDTHS.v4)

/** @param isNetwork whether the type is cidr, which permits no bits to the right of the prefix */
export function parseAddress(text: string, isNetwork: boolean): string {
  const type = isNetwork ? 'cidr' : 'inet'
  const wrong = new SqlError('22P02', `invalid input syntax for type ${type}: "${text}"`)
  const [, host = '', length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const isV6 = host.includes(':')
  const bits = isV6 ? v6Bits(host) : v4Bits(host)
  // PostgreSQL completes an abbreviated address by its network class.
  if (bits === undefined && /^\d{1,3}(\.\d{1,3}){0,2}$/.test(host) && (isNetwork || length !== undefined))
    throw new NotSupported(`an ${type} with less than four numbers`)
  const prefix = length === undefined ? widthOf(isV6) : Number(length)
  if (bits === undefined || prefix > widthOf(isV6)) throw wrong
  const rest = BigInt(widthOf(isV6) - prefix)
  if (isNetwork && (bits & ((1n << rest) - 1n)) !== 0n)
    throw new SqlError('22P02', `invalid cidr value: "${text}"`, { detail: 'Value has bits set to right of mask.' })
  const addressText = isV6 ? v6Text(bits) : v4Text(bits)
  return `${addressText}/${prefix}`
}

/** Returns the text of an inet. A single address has no prefix length. */
export const withoutFullPrefix = (text: string): string => text.replace(text.includes(':') ? /\/128$/ : /\/32$/, '')

function v4Bits(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)
}

const v4Text = (bits: bigint): string => [24n, 16n, 8n, 0n].map((by) => `${(bits >> by) & 255n}`).join('.')

function v6Bits(text: string): bigint | undefined {
  const [, start = text, last] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? []
  const v4 = last === undefined ? undefined : v4Bits(last)
  if (last !== undefined && v4 === undefined) return undefined
  const whole = v4 === undefined ? text : `${start}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`
  const [head = '', tail, ...more] = whole.split('::')
  if (more.length > 0) return undefined
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')))
  const given = [...(before ?? []), ...(after ?? [])]
  if (given.some((word) => !/^[\da-f]{1,4}$/i.test(word))) return undefined
  if (tail === undefined ? given.length !== 8 : given.length > 7) return undefined
  const words = [...(before ?? []), ...Array.from({ length: 8 - given.length }, () => '0'), ...(after ?? [])]
  return words.reduce((bits, word) => (bits << 16n) | BigInt(`0x${word}`), 0n)
}

/** Formats an IPv6 address as inet_net_ntop does. */
function v6Text(bits: bigint): string {
  const words = Array.from({ length: 8 }, (_, at) => (bits >> BigInt(112 - 16 * at)) & 0xffffn)
  let best = { start: -1, length: 1 }
  for (const start of words.keys()) {
    let length = 0
    while (words[start + length] === 0n) length++
    if (length > best.length) best = { start, length }
  }
  const { start, length } = best
  const hasV4 = start === 0 && (length === 6 || (length === 5 && words[5] === 0xffffn))
  const groups = words.slice(0, hasV4 ? 6 : 8).map((word) => word.toString(16))
  const tail = hasV4 ? `${length === 5 ? 'ffff:' : ''}${v4Text(bits & 0xffff_ffffn)}` : ''
  if (hasV4) return `::${tail}`
  if (start < 0) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

function read(text: string): Address {
  const [host = '', length] = text.split('/')
  const isV6 = host.includes(':')
  const bits = (isV6 ? v6Bits(host) : v4Bits(host)) ?? 0n
  return { isV6, bits, prefix: length === undefined ? widthOf(isV6) : Number(length) }
}

/** Compares addresses: IPv4 first, then by network, prefix length, and whole address (network_cmp). */
export function compareAddresses(one: string, other: string): number {
  const [a, b] = [read(one), read(other)]
  if (a.isV6 !== b.isV6) return a.isV6 ? 1 : -1
  const rest = BigInt(widthOf(a.isV6) - Math.min(a.prefix, b.prefix))
  return order(a.bits >> rest, b.bits >> rest) || a.prefix - b.prefix || order(a.bits, b.bits)
}
