import { type History, type Meaning, meaningOf, UserError } from '@chaosproxy/history'
import { bankFromAny } from '../bank/any-start.ts'
import { bank } from '../bank/bank.ts'
import { counterFromAny } from '../counter/any-start.ts'
import { counter } from '../counter/counter.ts'
import type { ModelEntry } from '../judge/entry.ts'
import type { Model } from '../judge/model.ts'
import { listAppendFromAny } from '../list-append/any-start.ts'
import { listAppend } from '../list-append/list-append.ts'
import { lock, lockFromAny } from '../lock/lock.ts'
import { logFromAny } from '../log/any-start.ts'
import { denseLogFromAny } from '../log/dense-any-start.ts'
import { denseLog, log } from '../log/log.ts'
import { multiRegister, multiRegisterFromAny } from '../multi-register/multi-register.ts'
import { objectEntry } from '../object/entry.ts'
import { modelEntry } from '../object/own.ts'
import { bagFromAny, queueFromAny } from '../queue/any-start.ts'
import { bag } from '../queue/bag.ts'
import { queue } from '../queue/queue.ts'
import { registerEntry } from '../register/entry.ts'
import { setFromAny } from '../set/any-start.ts'
import { set } from '../set/set.ts'
import { streamEntry } from '../stream/entry.ts'
import { areTransactions, listTransactions } from '../transactions/entry.ts'
import { APPEND, microKind } from '../transactions/record/record.ts'
import { recordedTransactions } from '../transactions/recorded/judge.ts'
import { registerTransactions } from '../transactions/registers/entry.ts'
import { uniqueIds } from '../unique-ids/unique-ids.ts'
import { watchEntry } from '../watch/entry.ts'
import { workQueueEntry } from '../work-queue/entry.ts'

/**
 * Every built-in model; help, documentation and tests iterate over this list. The second argument of `objectEntry` says
 * how to judge the object if its initial value is unknown.
 */
export const models: readonly ModelEntry<string>[] = [
  registerEntry,
  objectEntry(multiRegister, multiRegisterFromAny),
  objectEntry(counter, counterFromAny),
  objectEntry(set, setFromAny),
  objectEntry(queue, queueFromAny),
  objectEntry(bag, bagFromAny),
  objectEntry(lock, lockFromAny),
  { ...objectEntry(listAppend, listAppendFromAny), ofTransactions: listTransactions },
  { ...registerTransactions, ofRecordings: recordedTransactions },
  objectEntry(bank, bankFromAny),
  // Ids assigned before the history are never known, so an unknown initial value makes no difference.
  objectEntry(uniqueIds, 'alike'),
  objectEntry(log, logFromAny),
  objectEntry(denseLog, denseLogFromAny),
  watchEntry,
  streamEntry,
  workQueueEntry,
]

/** The levels of every judge, strongest first. */
export const levelNames = (): readonly string[] => [
  ...new Set(
    models.flatMap(({ judge, ofTransactions, ofRecordings }) =>
      [judge, ofRecordings?.judge, ofTransactions?.judge].flatMap((each) => each?.ladder.levels ?? []),
    ),
  ),
]

/** The fields of a history by which `entryFor` chooses the `ModelEntry` that judges the history. */
export type KindOfHistory = Pick<History, 'functions' | 'transactionNotes'>

/**
 * The levels by which a model judges histories of this kind, strongest first.
 *
 * @throws UserError if there is no model with this name.
 */
export const levelsOf = (model: string | Model<unknown>, history: KindOfHistory): readonly string[] =>
  entryFor(model, history).judge.ladder.levels

/** The model with this name or alias. */
export const findModel = (name: string): ModelEntry<string> | undefined =>
  models.find((entry) => entry.name === name || entry.aliases.includes(name))

/** The meaning of an operation's name in a model; undefined for an operation that only a user-defined model knows. */
export const meaningIn = (model: string, f: string): Meaning | undefined =>
  findModel(model)?.meanings?.[f] ?? meaningOf(f)

/** The entry of a built-in or user-defined model. @throws UserError if no model has this name. */
export function entryOf(model: string | Model<unknown>): ModelEntry<string> {
  if (typeof model !== 'string') return modelEntry(model)
  const known = findModel(model)
  if (known !== undefined) return known
  const names = models.map(({ name }) => name).join(', ')
  throw new UserError('usage', `there is no model "${model}". Give one of ${names}, or an object of type Model.`)
}

/**
 * The entry that judges a history; transactions may have a separate judge.
 *
 * @throws UserError if no model has this name.
 */
export function entryFor(model: string | Model<unknown>, history: KindOfHistory): ModelEntry<string> {
  const entry = entryOf(model)
  if (entry.ofRecordings !== undefined && history.transactionNotes !== undefined) return entry.ofRecordings
  return entry.ofTransactions !== undefined && areTransactions(history.functions) ? entry.ofTransactions : entry
}

/**
 * Returns the default model for a history. This is the model that the header names, or a model of transactions if the
 * history consists of transactions. Any other history gets `register`.
 */
export function usualModel({ header, functions, values }: Pick<History, 'header' | 'functions' | 'values'>): string {
  if (header?.model !== undefined) return header.model
  if (!areTransactions(functions)) return registerEntry.name
  const kinds = values.microOperations()?.kinds ?? []
  return kinds.some((kind) => microKind(kind) === APPEND) ? listTransactions.name : registerTransactions.name
}
