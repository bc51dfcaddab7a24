import { FAIL, type History, type Json, OK, type ValueId } from '@chaos/history'
import type { Budget } from '../budget.ts'
import type { OperationRow } from '../operation-row.ts'
import { UNJUDGED } from '../record/outcome.ts'

/**
 * What became of the elements of a set, the messages of a queue, the ids that were handed out or the counts that were
 * read: Jepsen's accounting, by the checkers of these names in `jepsen.checker`. It asks for less than linearizability
 * and looks at the whole history at once.
 */
export interface Accounting {
  /** Nothing lost and nothing out of thin air; unknown where nothing was read that could tell. */
  readonly result: 'met' | 'violated' | 'unknown'
  /** One sentence: why. */
  readonly reason: string
  /** What one of them is called: a message, an id. */
  readonly noun: string
  /** What `ok` counts: elements that were seen or, of a counter, reads that the additions explain. */
  readonly okAre: 'seen' | 'explained reads'
  /** Elements that somebody tried to add, to enqueue or to generate (of a counter: additions). */
  readonly attempted: number
  /** Of those, the acknowledged ones. */
  readonly acknowledged: number
  /** Elements attempted and seen. */
  readonly ok: number
  /** Acknowledged or seen, and missing for good afterwards. */
  readonly lost: readonly Accounted[]
  /** Seen, though their addition failed or its outcome was unknown. */
  readonly recovered: readonly Accounted[]
  /** Seen, though nobody tried to add them; of a counter, values that no choice of additions explains. */
  readonly unexpected: readonly Accounted[]
  /** Seen more often than they were added; `count` says how many times too often (of ids: how often). */
  readonly duplicated: readonly Accounted[]
  /** Acknowledged, and never read since, because no read came after. */
  readonly neverRead: readonly Accounted[]
  /** Missing for a while after they were known to be there, though not for good. */
  readonly stale: readonly Accounted[]
  /** Whether operations of unknown outcome may have taken all that is lost, which Jepsen's accounting does not ask. */
  readonly isExcused?: boolean
}

export interface Accounted {
  readonly key: string | undefined
  readonly value: Json
  readonly count: number
  /** An operation to look at: what acknowledged it or, where nothing did, what saw it. */
  readonly operation: OperationRow
  /** Of lost and stale elements: nanoseconds from when it was known to when it was missing last (lost: seen last). */
  readonly late?: number | undefined
  /** Of a counter: the least and the most that the additions allowed. */
  readonly bounds?: readonly [least: number, most: number] | undefined
}

const NONE: readonly Accounted[] = []

/** An accounting in which what is not said is nothing. */
export const accounting = (
  said: Pick<Accounting, 'noun' | 'result' | 'reason' | 'attempted' | 'acknowledged' | 'ok'> & Partial<Accounting>,
): Accounting => ({
  okAre: 'seen',
  lost: NONE,
  recovered: NONE,
  unexpected: NONE,
  duplicated: NONE,
  neverRead: NONE,
  stale: NONE,
  ...said,
})

/**
 * The rows of the history whose `f` is one of these, with what accounting asks of them.
 *
 * @throws OutOfTime
 */
export function* rowsOf(history: History, functions: readonly string[], budget: Budget): Iterable<AccountRow> {
  const wanted = history.functions.map((f) => functions.includes(f))
  const { operations } = history
  for (let row = 0; row < operations.length; row++) {
    budget.tick()
    if (!wanted[operations.f[row]]) continue
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

/** An element of an object, of which a history may have several: a name for maps. */
export const elementName = (key: number, value: number): number => (key + 1) * 2 ** 32 + (value >>> 0)

export const accounted = (history: History, row: OperationRow, value: number, count = 1): Accounted => ({
  key: history.keys[history.operations.key[row]],
  value: history.values.json(value as ValueId),
  count,
  operation: row,
})

/**
 * `2 lost, 1 unexpected`, or undefined where all is accounted for. What may still come out, or may have been taken by
 * operations of unknown outcome, is not lost.
 */
export function troublesOf({ result, lost, isExcused, unexpected, duplicated, stale }: Accounting): string | undefined {
  const said = [
    [result === 'violated' && isExcused !== true ? lost : [], 'lost'],
    [unexpected, 'unexpected'],
    [duplicated, 'duplicated'],
    [stale, 'missing for a while'],
  ] as const
  const troubles = said.flatMap(([list, word]) => (list.length === 0 ? [] : [`${list.length} ${word}`]))
  return troubles.length === 0 ? undefined : troubles.join(', ')
}
