import { elementsOf, type History, type Json, OK, type ValueId } from '@chaosproxy/history'
import type { ByStart } from '../judge/entry.ts'
import { nameOfKey } from '../object/model/late-reads.ts'
import { inputsByKey, type LeastStarts } from '../object/model/least-start.ts'
import { NULL_ID } from './gaps.ts'
import { DRAIN, ENQUEUE, queueNumbers } from './operations.ts'

/**
 * Returns, by key, the messages that dequeues and drains returned although no operation enqueued them. The messages are
 * in the order in which these operations returned, but the messages of drains come last, because a drain empties the
 * queue.
 */
export const takenAtStart = (history: History): LeastStarts =>
  new Map(Array.from(takenByKey(history), ([key, { foreign }]) => [key, foreign]))

/** Finds queues whose dequeues returned none of the enqueued messages. All of these messages may be lost. */
export const noneCameOut =
  (kind: string) =>
  (history: History): ByStart => {
    const found: string[] = []
    for (const [key, { foreign, isOwnTaken, acknowledged }] of takenByKey(history)) {
      if (acknowledged === 0 || isOwnTaken || foreign.length === 0) continue
      const what = acknowledged === 1 ? 'the message' : `the ${acknowledged} messages`
      found.push(
        `${what} put into ${nameOfKey(history, key, kind)} did not come out, and nobody put in the messages that did come out. The ${kind} is right only if all messages that came out were in it at the start`,
      )
    }
    return { found, remedy: "Give the initial value: --initial '[]' means empty" }
  }

interface Taken {
  /** The messages that were returned although no operation tried to enqueue them. */
  readonly foreign: Json[]
  isOwnTaken: boolean
  acknowledged: number
}

function takenByKey(history: History): ReadonlyMap<number, Taken> {
  const { f, key, outcome, returnEvent, length } = history.operations
  const numbers = history.functions.map((name) => queueNumbers[name])
  const put = inputsByKey(history, (row) => numbers[f[row]] === ENQUEUE)
  const byKey = new Map<number, Taken>()
  for (const each of put.keys()) byKey.set(each, { foreign: [], isOwnTaken: false, acknowledged: 0 })
  const takes: number[] = []
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    const taken = byKey.get(key[row])
    if (numbers[f[row]] !== ENQUEUE) takes.push(row)
    else if (taken !== undefined) taken.acknowledged++
  }
  const isDrain = (row: number): number => (numbers[f[row]] === DRAIN ? 1 : 0)
  takes.sort((a, b) => isDrain(a) - isDrain(b) || returnEvent[a] - returnEvent[b])
  for (const row of takes) {
    const taken = byKey.get(key[row])
    if (taken === undefined) continue
    for (const id of takenIn(history, row, isDrain(row) === 1)) {
      if (put.get(key[row])?.has(id)) taken.isOwnTaken = true
      else taken.foreign.push(history.values.json(id))
    }
  }
  return byKey
}

/** The messages that an answered dequeue or drain returned. */
export function takenIn({ operations, values }: History, row: number, isDrain: boolean): readonly ValueId[] {
  const output = operations.output[row] as ValueId
  if (isDrain) return (elementsOf(values.json(output)) ?? []).map((each) => values.id(each))
  return output === NULL_ID ? [] : [output]
}
