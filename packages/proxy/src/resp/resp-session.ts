import type { Json } from '@chaos/history'
import { type CommandPatterns, type MatchedCommand, matchCommand } from './command-table.ts'

/** What a request means on its connection. */
export type Understood =
  | { readonly kind: 'operation'; readonly matched: MatchedCommand }
  /** Answered once, like any, and not recorded. Where it must succeed for what follows to be understood, that is said. */
  | { readonly kind: 'other'; readonly mustSucceed: boolean }
  /** From here on, answers do not follow requests one by one. */
  | { readonly kind: 'opaque' }

const OTHER: Understood = { kind: 'other', mustSucceed: false }
const OPAQUE: Understood = { kind: 'opaque' }

const MUST_SUCCEED: Understood = { kind: 'other', mustSucceed: true }

/** Commands after which a connection is a stream of something else, or that are answered more than once. */
const STREAMING: ReadonlySet<string> = new Set([
  ...['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'],
  ...['MONITOR', 'SYNC', 'PSYNC'],
])

/** What a connection remembers from one command to the next: the database it uses, and whether it queues commands. */
export function createRespSession(commands: CommandPatterns): (words: readonly Json[] | undefined) => Understood {
  let database = '0'
  let queueing = false

  return (words) => {
    const [first, second] = words ?? []
    if (words === undefined || typeof first !== 'string') return OTHER
    const name = first.toUpperCase()
    if (STREAMING.has(name)) return OPAQUE
    // It may turn answers off.
    if (name === 'CLIENT' && typeof second === 'string' && second.toUpperCase() === 'REPLY') return OPAQUE
    if (name === 'MULTI') {
      queueing = true
      return MUST_SUCCEED
    }
    if (name === 'EXEC' || name === 'DISCARD' || name === 'RESET') {
      queueing = false
      if (name === 'RESET') database = '0'
      return OTHER
    }
    if (queueing && name !== 'SELECT') return OTHER
    if (name === 'SELECT') {
      // Whether it will be carried out is seen from nothing that follows.
      if (queueing) return OPAQUE
      database = String(second)
      return MUST_SUCCEED
    }
    const patterns = commands.get(name)
    const matched = patterns === undefined ? undefined : matchCommand(patterns, words)
    return matched === undefined ? OTHER : { kind: 'operation', matched: inDatabase(matched, database) }
  }
}

/** Keys of other databases than the first are other keys: `1/x`. */
function inDatabase(matched: MatchedCommand, database: string): MatchedCommand {
  const { key } = matched.call
  if (database === '0' || typeof key !== 'string') return matched
  return { ...matched, call: { ...matched.call, key: `${database}/${key}` } }
}
