import { FLAG_FINAL, type History, type Json, OK } from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { ModelEntry } from '../judge/entry.ts'
import type { Convergences } from '../judge/judge-consistency.ts'
import type { Level } from '../levels/levels.ts'
import type { Budget } from '../limits/budget.ts'
import { MOST_NAMED, noFinalRead, type Reason } from '../verdict/reason.ts'
import { asCore, MOST_OPERATIONS, ofLevel, unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { convergentByFinalReads } from './model/convergent.ts'
import type { Contents } from './model/elements.ts'
import type { Ending } from './model/ending.ts'
import type { Convergence, ObjectModel } from './model/object-model.ts'
import type { Functions } from './model/part.ts'

/** @throws OutOfTime */
export function convergencesOf(
  history: History,
  { levels }: ModelEntry,
  judge: { readonly object: ObjectModel; readonly functions: Functions; readonly contents: Contents },
  initial: Json,
  budget: Budget,
): Convergences {
  const { object, functions, contents } = judge
  const decides = (level: Level): boolean => levels.includes(level)
  const ending = endingOf(history, functions, object, budget)
  const owed = owedBy(ending, history)
  const read = decides('convergent') ? convergentByFinalReads(history, functions, object, initial, budget) : undefined
  const end = decides('eventual') ? object.eventual?.({ history, initial, contents, ending }, budget) : undefined
  const { eventual, convergent } = together(end, read)
  const judged = (verdict: Verdict): Verdict =>
    owed === undefined || verdict.result === 'violated' ? verdict : unknownBecause(owed)
  return { eventual: eventual && judged(eventual), convergent: convergent && judged(convergent), owed, lost: [] }
}

/** @throws OutOfTime */
function endingOf(history: History, functions: Functions, object: ObjectModel, budget: Budget): Ending {
  if (object.ending !== undefined) return object.ending(history, budget)
  const { flags, key, outcome, f } = history.operations
  const numbers = history.functions.map((name) => functions.numberOf(name) ?? -1)
  const finals = new Map<number, OperationRow[]>()
  const updated = new Set<number>()
  for (let row = 0; row < history.operations.length; row++) {
    budget.tick()
    const number = numbers[f[row]]
    if (outcome[row] !== OK || number === -1) continue
    if (!functions.isRead(number)) updated.add(key[row])
    else if ((flags[row] & FLAG_FINAL) !== 0 && object.partial?.includes(number) !== true) {
      addTo(finals, key[row], row)
    }
  }
  return { finals, unread: [...updated].filter((each) => !finals.has(each)), noun: 'successful final read' }
}

/** Combines the verdicts: eventual consistency implies convergence. */
function together(end: Convergence | undefined, convergent: Verdict | undefined): Omit<Convergences, 'owed' | 'lost'> {
  if (end === undefined) return convergent === undefined ? {} : { convergent }
  const eventual = verdictOf(end)
  if (convergent === undefined) return { eventual }
  if (convergent.result !== 'violated' || eventual.result === 'violated') return { eventual, convergent }
  if (end.result === 'violated' || end.isOrder !== true)
    return { eventual: ofLevel('eventual', convergent), convergent }
  // One order can explain final reads that differ: an update of unknown outcome may come between them.
  return { eventual, convergent: eventual.result === 'met' ? { result: 'met', witness: BY_EVENTUAL } : eventual }
}

const BY_EVENTUAL = { kind: 'implied', by: 'eventual' } as const

function verdictOf(end: Convergence): Verdict {
  if (end.result === 'unknown') return unknownBecause(end.reason)
  if (end.result === 'met') return { result: 'met', witness: { kind: 'convergence', values: [] } }
  const { sentence, rows } = end
  return {
    result: 'violated',
    counterexample: {
      level: 'eventual',
      sentence,
      operations: asCore(rows.slice(-MOST_OPERATIONS)),
      keys: [],
      culprit: rows.at(-1),
      ...(rows.length > MOST_OPERATIONS ? { uncut: { why: 'size', among: rows.length, standsAlone: false } } : {}),
    },
  }
}

/** The reason why final states are unknown, if some key with acknowledged updates has no final read. */
function owedBy({ finals, unread, noun }: Ending, { keys }: History): Reason | undefined {
  if (finals.size > 0 && unread.length === 0) return undefined
  const named = unread.slice(0, MOST_NAMED).map((key) => keys[key])
  return finals.size === 0 ? noFinalRead(noun) : noFinalRead(noun, named, unread.length)
}
