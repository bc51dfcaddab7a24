import { refuse } from '../lua/errors.ts'
import { toInteger } from '../lua/numbers.ts'
import { LuaTable } from '../lua/table.ts'
import type { LuaValue } from '../lua/values.ts'
import { doubleText, isArray, type Reply, scoredItems } from '../reply.ts'

export function field(name: string, value: LuaValue): LuaTable {
  const table = new LuaTable()
  table.set(name, value)
  return table
}

function listOf(replies: readonly Reply[], protocol: 2 | 3): LuaTable {
  const table = new LuaTable(replies.length)
  replies.forEach((reply, i) => {
    table.set(i + 1, luaOf(reply, protocol))
  })
  return table
}

/** Converts a reply for a script, in the protocol that the script selected. */
export function luaOf(reply: Reply, protocol: 2 | 3): LuaValue {
  if (reply === null) return protocol === 3 ? undefined : false
  if (typeof reply === 'string' || typeof reply === 'number') return reply
  if (typeof reply === 'bigint') return Number(reply)
  if (isArray(reply)) return listOf(reply, protocol)
  if ('simple' in reply) return field('ok', reply.simple)
  if ('error' in reply) {
    const error = field('err', reply.error)
    error.set('ignore_error_stats_update', true)
    return error
  }
  if ('noArray' in reply) return protocol === 3 ? undefined : false
  if ('double' in reply) return protocol === 3 ? field('double', reply.double) : doubleText(reply.double)
  if ('verbatim' in reply) {
    if (protocol === 2) return reply.verbatim
    const text = field('string', reply.verbatim)
    text.set('format', 'txt')
    return field('verbatim_string', text)
  }
  if ('scored' in reply) return listOf(scoredItems(reply.scored, protocol), protocol)
  if ('push' in reply) return listOf(reply.push, protocol)
  if (protocol === 2) return listOf('map' in reply ? reply.map : reply.set, protocol)
  return 'map' in reply ? field('map', mapOf(reply.map)) : field('set', setOf(reply.set))
}

function mapOf(items: readonly Reply[]): LuaTable {
  const table = new LuaTable()
  for (let i = 0; i < items.length; i += 2) {
    const key = luaOf(items[i] ?? null, 3)
    if (key !== undefined) table.set(key, luaOf(items[i + 1] ?? null, 3))
  }
  return table
}

function setOf(items: readonly Reply[]): LuaTable {
  const table = new LuaTable()
  for (const item of items) {
    const key = luaOf(item, 3)
    if (key !== undefined) table.set(key, true)
  }
  return table
}

export function replyOf(value: LuaValue, protocol: 2 | 3): Reply {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return BigInt(toInteger(value))
  if (value === true) return protocol === 3 ? refuse('a boolean as a result in RESP3') : 1
  if (!(value instanceof LuaTable)) return null
  const [error, status, double] = [value.get('err'), value.get('ok'), value.get('double')]
  if (typeof error === 'string') return { error: oneLine(error) }
  if (typeof status === 'string') return { simple: oneLine(status) }
  if (typeof double === 'number') return { double }
  const [map, set] = [value.get('map'), value.get('set')]
  if (map instanceof LuaTable)
    return { map: [...map.entries()].flatMap((entry) => entry.map((each) => replyOf(each, protocol))) }
  if (set instanceof LuaTable) return { set: [...set.entries()].map(([key]) => replyOf(key, protocol)) }
  if (value.get('big_number') !== undefined) return refuse('a big_number as a result')
  const verbatim = value.get('verbatim_string')
  if (verbatim instanceof LuaTable) return { verbatim: String(verbatim.get('string')) }
  const items: Reply[] = []
  for (let i = 1; ; i++) {
    const item = value.get(i)
    if (item === undefined) return items
    items.push(replyOf(item, protocol))
  }
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n]/g, ' ')
