import { float64Array, type History } from '@chaosproxy/history'
import type { Decoder, Encoded } from '../../encoding/encoded.ts'
import type { OperationRow } from '../../encoding/operation-row.ts'
import { BYTES_PER_SEPARATED, partsInTurn } from '../../encoding/partition.ts'
import type { Bounds, Percentiles, Staleness } from '../../judge/staleness.ts'
import type { Budget } from '../../limits/budget.ts'
import { startsOf } from '../start/candidates.ts'
import { clustersOf, MANY_WRITERS } from './clusters.ts'
import { leastDelta } from './delta.ts'
import { type KeyReads, readsBehind } from './reads.ts'
import { leastVersions } from './versions.ts'

/** Bytes per operation for the measured reads. */
const BYTES_PER_READ = 20

/**
 * Measures how far behind reads were (see `readsBehind`).
 *
 * Δ and k have an upper bound only if no key has a cas, a value with several writers, or an unexplained read. The
 * measured reads, and the order of values with one writer each, give lower bounds. Undefined if strings are appended or
 * memory does not suffice. O(n log n).
 *
 * @throws OutOfTime
 */
export function stalenessOf(
  encoded: Encoded,
  decoder: Pick<Decoder, 'history'>,
  budget: Budget,
): Staleness | undefined {
  if (encoded.hasAppend) return undefined
  const bytes = encoded.length * (BYTES_PER_SEPARATED + BYTES_PER_READ)
  if (!budget.take(bytes)) return undefined
  try {
    return measured(encoded, decoder, budget)
  } finally {
    budget.giveBack(bytes)
  }
}

function measured(encoded: Encoded, { history }: Pick<Decoder, 'history'>, budget: Budget): Staleness {
  budget.look(encoded.length)
  const times = history.operations
  const timed = hasTimes(history)
  const reads = new MeasuredReads(encoded.length)
  let delta: Bounds = { atLeast: 0, atMost: 0 }
  let k: Bounds = { atLeast: 1, atMost: 1 }
  for (const given of partsInTurn(encoded, budget)) {
    budget.tick()
    const { part, isCertain } = settledPart(given)
    const clusters = clustersOf(part)
    const key = readsBehind(part, clusters, times, budget)
    const mostBehind = key.versionsBehind.reduce(greater, 0)
    reads.add(part, key)
    const distinct = key.unexplained === 0 && !clusters.writer.includes(MANY_WRITERS)
    const behind = key.behindNanos.reduce(greater, 0)
    const least = distinct && timed ? Math.max(behind, leastDelta(part, clusters, times, budget)) : behind
    if (!isCertain) {
      delta = largest(delta, { atLeast: 0 })
      k = largest(k, { atLeast: 1 })
    } else if (distinct && !part.hasConditional) {
      delta = largest(delta, { atLeast: least, atMost: least })
      k = largest(k, leastVersions(part, clusters, mostBehind, budget))
    } else {
      delta = largest(delta, { atLeast: least })
      k = largest(k, { atLeast: mostBehind + 1 })
    }
  }
  budget.look(encoded.length)
  return reads.staleness(timed, delta, k)
}

/**
 * Returns the part with its likeliest initial value, and whether this value is certain. Without evidence, assumes that
 * a text is initially empty, and that any other key has an initial value that no operation mentions. With such a value,
 * no read returned the initial value, so every read counts as a read of a written value.
 */
function settledPart(part: Encoded): { readonly part: Encoded; readonly isCertain: boolean } {
  if (!part.anyStart) return { part, isCertain: true }
  const { alternatives } = startsOf(part, () => null)
  return { part: alternatives[0], isCertain: alternatives.length === 1 }
}

const largest = (a: Bounds, b: Bounds): Bounds => ({
  atLeast: Math.max(a.atLeast, b.atLeast),
  atMost: a.atMost === undefined || b.atMost === undefined ? undefined : Math.max(a.atMost, b.atMost),
})

const greater = (a: number, b: number): number => Math.max(a, b)

/** The measured reads of all keys, and the read that was furthest behind. */
class MeasuredReads {
  readonly #behind: Float64Array
  readonly #versions: Float64Array
  readonly #staleRows: number[] = []
  #measured = 0
  #ambiguous = 0
  #unexplained = 0
  #worst: OperationRow | undefined
  #worstAt = -1

  constructor(operations: number) {
    this.#behind = float64Array(operations)
    this.#versions = float64Array(operations)
  }

  add({ row }: Encoded, { reads, behindNanos, versionsBehind, ambiguous, unexplained }: KeyReads): void {
    this.#ambiguous += ambiguous
    this.#unexplained += unexplained
    const [behind, versions] = [this.#behind, this.#versions]
    for (let i = 0; i < reads.length; i++) {
      const at = this.#measured++
      behind[at] = behindNanos[i]
      versions[at] = versionsBehind[i]
      if (versions[at] > 0) this.#staleRows.push(row[reads[i]])
      const worstAt = this.#worstAt
      const further =
        worstAt === -1 ||
        behind[at] > behind[worstAt] ||
        (behind[at] === behind[worstAt] && versions[at] > versions[worstAt])
      if (!further) continue
      this.#worst = row[reads[i]]
      this.#worstAt = at
    }
  }

  staleness(timed: boolean, delta: Bounds, k: Bounds): Staleness {
    const stale = this.#staleRows.length
    return {
      reads: { measured: this.#measured, stale, ambiguous: this.#ambiguous, unexplained: this.#unexplained },
      staleRows: Int32Array.from(this.#staleRows),
      behindNanos: timed ? percentilesOf(this.#behind.subarray(0, this.#measured)) : undefined,
      versionsBehind: percentilesOf(this.#versions.subarray(0, this.#measured)),
      worst: stale > 0 ? this.#worst : undefined,
      deltaNanos: timed ? delta : undefined,
      k,
    }
  }
}

/** Computes percentiles by nearest rank. Sorts the column in place. */
function percentilesOf(column: Float64Array): Percentiles | undefined {
  if (column.length === 0) return undefined
  column.sort()
  const rank = (share: number): number => column[Math.max(0, Math.ceil(share * column.length) - 1)]
  return { p50: rank(0.5), p99: rank(0.99), max: column[column.length - 1] }
}

/** Reports whether the history has times. Without times, event positions stand in their place. */
function hasTimes({ operations }: History): boolean {
  for (let i = 0; i < operations.length; i++) if (operations.callTime[i] !== operations.callEvent[i]) return true
  return operations.length === 0
}
