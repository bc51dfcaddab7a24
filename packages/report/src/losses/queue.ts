import type { OperationRow } from '@chaosproxy/checker'
import {
  canonical,
  count,
  FLAG_FINAL,
  type History,
  inputOf,
  type Json,
  OK,
  outputOf,
  plural,
} from '@chaosproxy/history'
import { effectOf, functionOf, hasReturned, keyOf, nameText, valueText } from '../operation-words.ts'
import type { FindLoss, Loss, LossInput } from './loss.ts'

/** What came of the messages; otherwise, what the counterexample shows of one or two of them. */
export const queueLosses: readonly FindLoss[] = [lostMessages, twice, foundEmpty, outOfOrder]

/** `106 acknowledged messages were lost`; `never came out` if only an empty answer shows that nothing was left. */
function lostMessages({ history, report }: LossInput): Loss | undefined {
  const { accounting } = report
  if (accounting?.result !== 'violated' || accounting.surelyLost === 0) return undefined
  const { surelyLost, lost } = accounting
  const missing = lost.reduce((sum, { count }) => sum + count, 0)
  const messages = plural(surelyLost, 'acknowledged message')
  const verb = !wasDrained(history) ? 'never came out' : surelyLost === 1 ? 'was lost' : 'were lost'
  const changes = lost.map(({ operation }) => operation)
  return {
    claim: { claim: 'lost', of: 'messages', changes, least: surelyLost },
    title: `${surelyLost < missing ? 'At least ' : ''}${messages} ${verb}`,
    level: 'eventual',
  }
}

/** `Message 7 was handed out twice`: no operation of unknown outcome explains that it came out again. */
function twice({ history, report, counterexample }: LossInput): Loss | undefined {
  const { culprit } = counterexample
  const core = coreOf(counterexample)
  if (culprit === undefined) return undefined
  const again = takenOrDrainedBy(history, culprit).find((message) =>
    core.some((row) => row !== culprit && takenBy(history, row) === message),
  )
  if (again === undefined) return undefined
  if (core.filter((row) => sentBy(history, row) === again).length !== 1) return undefined
  const duplicated = report.accounting?.duplicated ?? []
  if (duplicated.length > 1) {
    const handed = duplicated.map(({ key, value, count }) => ({ key, value, times: count + 1 }))
    return {
      claim: { claim: 'handed out twice', of: 'messages', handed },
      title: `${plural(duplicated.length, 'message')} were handed out more than once`,
    }
  }
  // Sent once, it came out once more than there are too many of it.
  const surplus = duplicated.find(({ value, key }) => {
    return canonical(value) === again && (key ?? counterexample.keys[0]) === counterexample.keys[0]
  })
  const times = (surplus?.count ?? 1) + 1
  const often = times === 2 ? 'twice' : `${count(times)} times`
  const value: Json = JSON.parse(again)
  return {
    claim: { claim: 'handed out twice', of: 'messages', handed: [{ key: keyOf(history, culprit), value, times }] },
    title: `Message ${valueText(value)} was handed out ${often}`,
  }
}

/** `Queue x was found empty while it held messages`: whatever was in progress, it was not empty at any moment of the culprit. */
function foundEmpty({ history, counterexample: { culprit, keys } }: LossInput): Loss | undefined {
  if (culprit === undefined || history.operations.outcome[culprit] !== OK) return undefined
  if (isSending(history, culprit) || !['null', '[]'].includes(canonical(outputOf(history, culprit)))) return undefined
  return { title: `${queueNamed(keys)} was found empty while it held messages` }
}

/** `Queue x handed out 2 before 1, which was sent first`. */
function outOfOrder({ history, report, counterexample }: LossInput): Loss | undefined {
  if (report.model !== 'queue') return undefined
  const { callEvent, returnEvent } = history.operations
  const isBefore = (one: OperationRow, other: OperationRow): boolean =>
    hasReturned(history, one) && (returnEvent[one] ?? 0) < (callEvent[other] ?? 0)
  const core = coreOf(counterexample)
  const messages = core.flatMap((sent) => {
    const message = sentBy(history, sent)
    const taken = message === undefined ? undefined : core.find((row) => takenBy(history, row) === message)
    return message === undefined || taken === undefined ? [] : [{ message, sent, taken }]
  })
  for (const first of messages)
    for (const later of messages)
      if (isBefore(first.sent, later.sent) && isBefore(later.taken, first.taken)) {
        const [early, late] = [first, later].map(({ message }) => valueText(JSON.parse(message)))
        return { title: `${queueNamed(counterexample.keys)} handed out ${late} before ${early}, which was sent first` }
      }
  return undefined
}

const coreOf = ({ operations }: LossInput['counterexample']): readonly OperationRow[] =>
  operations.filter(({ role }) => role === 'core').map(({ operation }) => operation)

const queueNamed = ([key]: readonly string[]): string =>
  key === undefined ? 'The queue' : `Queue ${nameText(key, 24)}`

const isSending = (history: History, row: OperationRow): boolean => effectOf(history, row) === 'appends'

/** The message that an operation sent, in canonical JSON. */
const sentBy = (history: History, row: OperationRow): string | undefined =>
  isSending(history, row) ? canonical(inputOf(history, row)) : undefined

/** The message that one dequeue took, in canonical JSON. Of a drain nobody knows the moments. */
function takenBy(history: History, row: OperationRow): string | undefined {
  if (isSending(history, row) || functionOf(history, row) === 'drain') return undefined
  if (history.operations.outcome[row] !== OK) return undefined
  const message = canonical(outputOf(history, row))
  return message === 'null' ? undefined : message
}

/** The messages that an operation handed out: one, or all those of a drain. */
function takenOrDrainedBy(history: History, row: OperationRow): readonly string[] {
  const taken = takenBy(history, row)
  if (taken !== undefined) return [taken]
  if (functionOf(history, row) !== 'drain' || history.operations.outcome[row] !== OK) return []
  const drained = outputOf(history, row)
  return Array.isArray(drained) ? drained.map((message) => canonical(message)) : []
}

/** Whether the run ended by taking out what was left. */
function wasDrained(history: History): boolean {
  const { length, flags } = history.operations
  for (let row = length - 1; row >= 0; row--)
    if (functionOf(history, row) === 'drain' || ((flags[row] ?? 0) & FLAG_FINAL) !== 0) return true
  return false
}
