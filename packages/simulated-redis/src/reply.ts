/** A reply in any protocol. Each character of a string represents one byte. */
export type Reply =
  | string
  | number
  | bigint
  | null
  | readonly Reply[]
  | { readonly simple: string }
  | { readonly error: string }
  /** A map as alternating keys and values. */
  | { readonly map: readonly Reply[] }
  | { readonly set: readonly Reply[] }
  | { readonly push: readonly Reply[] }
  | { readonly double: number }
  /** Members with their scores: flat in RESP2, nested in RESP3. */
  | { readonly scored: ScoredMembers }
  | { readonly verbatim: string }
  /** A null in place of an array. */
  | { readonly noArray: true }

type ScoredMembers = readonly (readonly [member: string, score: number])[]

export const OK: Reply = { simple: 'OK' }
export const NO_ARRAY: Reply = { noArray: true }

export const mapReply = (fields: { readonly [name: string]: Reply }): Reply => ({ map: Object.entries(fields).flat() })

/** Returns the bytes of a reply, one per character. */
export function printReply(reply: Reply, protocol: 2 | 3): string {
  if (reply === null) return protocol === 3 ? '_\r\n' : '$-1\r\n'
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`
  if (typeof reply === 'number' || typeof reply === 'bigint') return `:${reply}\r\n`
  if (isArray(reply)) return printItems('*', reply, protocol)
  if ('simple' in reply) return `+${reply.simple}\r\n`
  if ('error' in reply) return `-${reply.error}\r\n`
  if ('noArray' in reply) return protocol === 3 ? '_\r\n' : '*-1\r\n'
  if ('double' in reply)
    return protocol === 3 ? `,${doubleText(reply.double)}\r\n` : printReply(doubleText(reply.double), 2)
  if ('verbatim' in reply)
    return protocol === 3 ? `=${reply.verbatim.length + 4}\r\ntxt:${reply.verbatim}\r\n` : printReply(reply.verbatim, 2)
  if ('map' in reply)
    return protocol === 3 ? printItems('%', reply.map, 3, reply.map.length / 2) : printItems('*', reply.map, 2)
  if ('set' in reply) return printItems(protocol === 3 ? '~' : '*', reply.set, protocol)
  if ('push' in reply) return printItems(protocol === 3 ? '>' : '*', reply.push, protocol)
  return printReply(scoredItems(reply.scored, protocol), protocol)
}

/** Members with their scores as the items of an array. */
export function scoredItems(scored: ScoredMembers, protocol: 2 | 3): readonly Reply[] {
  const pairs = scored.map(([member, score]): Reply[] => [member, { double: score }])
  return protocol === 3 ? pairs : pairs.flat()
}

export const isArray = (reply: Reply): reply is readonly Reply[] => Array.isArray(reply)

const printItems = (type: string, items: readonly Reply[], protocol: 2 | 3, count = items.length): string =>
  `${type}${count}\r\n${items.map((item) => printReply(item, protocol)).join('')}`

export function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  return Object.is(value, -0) ? '-0' : String(value)
}
