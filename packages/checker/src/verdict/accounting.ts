import { FAIL, type History, type Json, OK, type ValueId } from '@chaosproxy/history'
import { type OperationRow, UNJUDGED } from '../encoding/operation-row.ts'
import type { Budget } from '../limits/budget.ts'

/**
 * What became of a set's elements, a queue's messages, the ids handed out, or a counter's reads: Jepsen's accounting,
 * by the checkers of these names in `jepsen.checker`. It asks for less than linearizability and covers the whole
 * history at once.
 */
export interface Accounting {
  /** `met`: nothing lost and nothing unexpected; `unknown` if no read could show either. */
  readonly result: 'met' | 'violated' | 'unknown'
  /** One sentence: why. */
  readonly reason: string
  /** The word for one of them: a message, an id. */
  readonly noun: string
  /** What `ok` counts: elements that were seen or, for a counter, reads that the additions explain. */
  readonly okAre: 'seen' | 'explained reads'
  /** Elements that a client tried to add, enqueue or generate (for a counter: additions). */
  readonly attempted: number
  /** How many of the attempted elements were acknowledged. */
  readonly acknowledged: number
  /** Elements attempted and seen. */
  readonly ok: number
  /** Acknowledged or seen, and missing for good afterwards. */
  readonly lost: readonly Accounted[]
  /** Seen although their addition failed or its outcome was unknown. */
  readonly recovered: readonly Accounted[]
  /** Seen although never added; for a counter, values that no choice of additions explains. */
  readonly unexpected: readonly Accounted[]
  /** Seen more often than added; `count` is the surplus (for ids: the total). */
  readonly duplicated: readonly Accounted[]
  /** Acknowledged but not read since, because no read came later. */
  readonly neverRead: readonly Accounted[]
  /** Missing for a while after they were known, but not for good. */
  readonly stale: readonly Accounted[]
  /** Whether operations of unknown outcome may have taken everything lost, which Jepsen does not consider. */
  readonly isExcused?: boolean
  /** How many acknowledged elements are gone for good even if operations of unknown outcome took all they could. */
  readonly surelyLost: number
}

export interface Accounted {
  readonly key: string | undefined
  readonly value: Json
  readonly count: number
  /** An operation to show: the one that acknowledged it, otherwise one that saw it. */
  readonly operation: OperationRow
  /** For lost and stale elements: nanoseconds from when it was known until it was last missing (lost: last seen). */
  readonly late?: number | undefined
  /** For a counter: the least and the most that the additions allowed. */
  readonly bounds?: readonly [least: number, most: number] | undefined
}

const NONE: readonly Accounted[] = []

/** An accounting whose unspecified lists are empty. */
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
  surelyLost: 0,
  ...said,
})

/** The rows of the history whose `f` is one of these, as accounting needs them. @throws OutOfTime */
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

/** The name of an element in maps that cover several objects. */
export const elementName = (key: number, value: number): number => (key + 1) * 2 ** 32 + (value >>> 0)

export const accounted = (history: History, row: OperationRow, value: number, count = 1): Accounted => ({
  key: history.keys[history.operations.key[row]],
  value: history.values.json(value as ValueId),
  count,
  operation: row,
})

/**
 * `2 lost, 1 unexpected`; undefined if everything is accounted for. Messages that may still come out, or may have been
 * taken by operations of unknown outcome, are not lost.
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
