import { type History, mayBe } from '@chaosproxy/history'
import { isUnnamed } from '../../encoding/clients.ts'
import { DIFFERS, type Encoded, NOTHING, READ, restrict } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { indicesWhere } from './reads-from.ts'

/**
 * Returns why no level that respects the order of each client can be confirmed: some operations name no client.
 * Undefined if every operation names its client.
 */
export function looseReason(history: History): string | undefined {
  if (!history.hasSessions) return undefined
  const { length } = history.operations
  let unnamed = 0
  for (let row = 0; row < length; row++) if (isUnnamed(history, row)) unnamed++
  if (unnamed === 0) return undefined
  const { by, named } = history.header?.sessions ?? { by: '', named: false }
  const some = named ? ` of ${unnamed} of ${length} operations` : ''
  return `nothing in the record names the client${some}; ${remedyFor(history, by, named)}`
}

function remedyFor({ taken }: History, by: string, named: boolean): string {
  if (by.includes('CLIENT SETNAME'))
    return 'let every client name itself by CLIENT SETNAME (connectionName in ioredis), or record with --client peer.process'
  if (by.startsWith('member ')) return `name the client in ${by} of every line`
  if (by === 'operation') {
    const client = mayBe('process', taken)
    return client === undefined
      ? 'write it in every line, as "client", or say which member has it: --map process=MEMBER'
      : `if ${JSON.stringify(client)} does: --map process=${client}`
  }
  return named
    ? `have every request say ${by}, or say in the route table what else tells clients apart`
    : 'say in the route table which header or cookie does: "client": "header.X-Client"'
}

/**
 * Returns the operations that can contradict a level although some clients are unnamed. Omits two kinds of operations
 * of unnamed clients: reads of a written or initial value, because they can be placed where the key has this value, and
 * writes that nobody saw. If the other operations contradict a level, the whole history does, too.
 *
 * @throws OutOfTime
 */
export function withoutLoose(encoded: Encoded, history: History, budget: Budget): Encoded {
  const { length, kind, expects, writes, key, values, initial, row } = encoded
  if (encoded.hasAppend) return encoded
  const nameOf = (i: number, value: number): number => key[i] * values + value
  const written = new Set<number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (writes[i] !== NOTHING) written.add(nameOf(i, writes[i]))
  }
  const isExplained = (i: number): boolean => written.has(nameOf(i, expects[i])) || expects[i] === initial
  const isLooseRead = (i: number): boolean => kind[i] === READ && isUnnamed(history, row[i]) && isExplained(i)
  const seen = new Set<number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (expects[i] !== NOTHING && !isLooseRead(i)) seen.add(nameOf(i, expects[i]))
  }
  const anyDiffers = encoded.hasConditional && kind.includes(DIFFERS)
  const isLooseWrite = (i: number): boolean =>
    !anyDiffers && expects[i] === NOTHING && !seen.has(nameOf(i, writes[i])) && isUnnamed(history, row[i])
  return restrict(
    encoded,
    indicesWhere(length, (i) => !isLooseRead(i) && !isLooseWrite(i)),
    budget,
  )
}
