import { FAIL, type History, type Json, OK, type ValueId } from '@chaosproxy/history'
import { functionTest, type OperationRow, UNJUDGED } from '../encoding/operation-row.ts'
import type { Budget } from '../limits/budget.ts'

/**
 * The fate of the elements of a set, the messages of a queue, the assigned ids, or the reads of a counter, as
 * determined by the checkers `set`, `set-full`, `total-queue`, `unique-ids` and `counter` of `jepsen.checker`. This
 * accounting demands less than linearizability, and covers the whole history.
 */
export interface Accounting {
  /**
   * `met` if nothing is lost and nothing is unexpected. `unknown` if no read can show losses or unexpected elements.
   */
  readonly result: 'met' | 'violated' | 'unknown'
  /** One sentence: why. */
  readonly reason: string
  /** The word for a single element: a message, an id. */
  readonly noun: string
  /** What `ok` counts: elements that were seen or, for a counter, reads that the additions explain. */
  readonly okAre: 'seen' | 'explained reads'
  /** Elements that a client tried to add, enqueue or generate (for a counter: additions). */
  readonly attempted: number
  /** The number of attempted elements that were acknowledged. */
  readonly acknowledged: number
  /** The number of attempted elements that were seen. For a counter: the number of reads that the additions explain. */
  readonly ok: number
  /** Elements that were acknowledged or seen, and afterwards missing for good. */
  readonly lost: readonly Accounted[]
  /** Elements that were seen although their addition failed or its outcome was unknown. */
  readonly recovered: readonly Accounted[]
  /**
   * Elements that were seen but never added. For a counter: values that reads returned and that no choice of additions
   * explains.
   */
  readonly unexpected: readonly Accounted[]
  /**
   * Messages that were seen more often than added, elements that occurred twice in one read, and ids that were given
   * out more than once. For a message, `count` is the number of surplus sightings. For an id, `count` is the number of
   * times that it was given out.
   */
  readonly duplicated: readonly Accounted[]
  /** Elements that were acknowledged but never read, because there is no later read. */
  readonly neverRead: readonly Accounted[]
  /** Elements that were missing after they were known, but not lost. */
  readonly stale: readonly Accounted[]
  /**
   * Why it is uncertain that the elements in `lost` are lost. `inside`: nothing shows that the queue was drained.
   * `taken`: operations of unknown outcome may have taken all of these elements. Jepsen ignores the second possibility.
   */
  readonly excuse?: 'inside' | 'taken' | undefined
  /**
   * The number of acknowledged elements that are certainly lost. It assumes that operations of unknown outcome took as
   * many as possible.
   */
  readonly surelyLost: number
}

export interface Accounted {
  readonly key: string | undefined
  readonly value: Json
  readonly count: number
  /**
   * The operation to show for an element: the operation that acknowledged it or, if there is none, an operation that
   * saw it.
   */
  readonly operation: OperationRow
  /**
   * The nanoseconds from the moment at which the element was first known to the last read that lacked it (for a stale
   * element) or returned it (for a lost element).
   */
  readonly late?: number | undefined
  /** For a counter: the least and the greatest value that the additions allowed. */
  readonly bounds?: readonly [least: number, most: number] | undefined
}

const NONE: readonly Accounted[] = []

/** Returns an `Accounting` with the given facts. Each list that `facts` lacks is empty. */
export const accounting = (
  facts: Pick<Accounting, 'noun' | 'result' | 'reason' | 'attempted' | 'acknowledged' | 'ok'> & Partial<Accounting>,
): Accounting => ({
  okAre: 'seen',
  lost: NONE,
  recovered: NONE,
  unexpected: NONE,
  duplicated: NONE,
  neverRead: NONE,
  stale: NONE,
  surelyLost: 0,
  ...facts,
})

/** Yields the rows of a history whose `f` is one of `functions`. @throws OutOfTime */
export function* rowsOf(history: History, functions: readonly string[], budget: Budget): Iterable<AccountRow> {
  const isWanted = functionTest(history, (f) => functions.includes(f))
  const { operations } = history
  for (let row = 0; row < operations.length; row++) {
    budget.tick()
    if (!isWanted(row)) continue
    const outcome = operations.outcome[row]
    if (outcome === UNJUDGED) continue
    yield {
      row,
      key: operations.key[row],
      acknowledged: outcome === OK,
      failed: outcome === FAIL,
      input: operations.input[row],
      output: operations.output[row],
    }
  }
}

export interface AccountRow {
  readonly row: OperationRow
  readonly key: number
  readonly acknowledged: boolean
  readonly failed: boolean
  readonly input: number
  readonly output: number
}

/** The name of an element in maps that cover several objects. */
export const elementName = (key: number, value: number): number => (key + 1) * 2 ** 32 + (value >>> 0)

export const accounted = (history: History, row: OperationRow, value: number, count = 1): Accounted => ({
  key: history.keys[history.operations.key[row]],
  value: history.values.json(value as ValueId),
  count,
  operation: row,
})

/**
 * Formats the problems: `2 lost, 1 unexpected`; undefined if there are none. Messages that may still be in the queue,
 * or that may have been taken, do not count as lost.
 */
export function troublesOf({ noun, lost, excuse, unexpected, duplicated, stale }: Accounting): string | undefined {
  const lists = [
    // An element of a set is called missing, not lost, because a node that was not asked may have it.
    [excuse === undefined ? lost : [], noun === 'element' ? 'missing from the last reads' : 'lost'],
    [unexpected, 'unexpected'],
    [duplicated, 'duplicated'],
    [stale, 'missing from a read'],
  ] as const
  const troubles = lists.flatMap(([list, word]) => (list.length === 0 ? [] : [`${list.length} ${word}`]))
  return troubles.length === 0 ? undefined : troubles.join(', ')
}
