import { type Encoded, NEVER, NOTHING, restrict } from '../../encoding/encoded.ts'
import { addTo } from '../../encoding/lists.ts'
import { type Budget, OutOfTime } from '../../limits/budget.ts'
import { INITIAL, indicesWhere } from './reads-from.ts'

/** The writes that each read may have seen, for histories with repeated values. */
export interface Choices {
  readonly encoded: Encoded
  /** By operation: its index in the given history. */
  readonly indices: Int32Array
  /**
   * `reads`: the reads, as indices in `encoded`, ascending. `candidates`: for each read, the writes (or INITIAL) that
   * it may have seen, the likeliest first.
   */
  readonly reads: readonly number[]
  readonly candidates: readonly (readonly number[])[]
  readonly release: () => void
}

const BYTES_PER_CANDIDATE = 8
/** The number of candidates between two checks of the clock. */
const CANDIDATES_BETWEEN_LOOKS = 16_384

/**
 * Returns all possible sources of each read, except later writes of its own client and unread `info` writes, which can
 * be assumed to have no effect. For reads and writes only. Undefined if memory does not suffice: with few distinct
 * values, each read may have seen many of the writes.
 *
 * @throws OutOfTime
 */
export function choicesOf(given: Encoded, budget: Budget): Choices | undefined {
  budget.look(given.length)
  const observed = new Set<number>()
  for (let i = 0; i < given.length; i++) {
    budget.tick()
    if (given.expects[i] !== NOTHING) observed.add(given.key[i] * given.values + given.expects[i])
  }
  const indices = indicesWhere(
    given.length,
    (i) => given.returns[i] !== NEVER || observed.has(given.key[i] * given.values + given.writes[i]),
  )
  const encoded = restrict(given, indices, budget)
  const { length, expects, writes, key, calls, returns, values, initial } = encoded
  const clients = encoded.clients()
  const writers = new Map<number, number[]>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (writes[i] === NOTHING) continue
    const name = key[i] * values + writes[i]
    addTo(writers, name, i)
  }
  const reads: number[] = []
  const candidates: number[][] = []
  let taken = 0
  let sinceLook = 0
  const release = (): void => budget.giveBack(taken)
  for (let i = 0; i < length; i++) {
    if (expects[i] === NOTHING) continue
    const all = writers.get(key[i] * values + expects[i]) ?? []
    const bytes = BYTES_PER_CANDIDATE * all.length
    sinceLook += all.length + 1
    const isLate = sinceLook > CANDIDATES_BETWEEN_LOOKS && budget.expired(sinceLook)
    if (sinceLook > CANDIDATES_BETWEEN_LOOKS) sinceLook = 0
    if (isLate || !budget.take(bytes)) {
      release()
      if (isLate) throw new OutOfTime()
      return undefined
    }
    taken += bytes
    const possible = all.filter((writer) => clients[writer] !== clients[i] || calls[writer] < returns[i])
    // The likeliest source by the clock comes first. This guess only speeds up the search.
    const late = (writer: number): number => (calls[writer] > returns[i] ? 1 : 0)
    possible.sort((a, b) => late(a) - late(b) || calls[b] - calls[a])
    if (expects[i] === initial) possible.push(INITIAL)
    reads.push(i)
    candidates.push(possible)
  }
  return { encoded, indices, reads, candidates, release }
}
