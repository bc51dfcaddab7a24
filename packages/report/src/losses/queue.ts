import type { OperationRow } from '@chaosproxy/checker'
import { canonical, count, type History, type Json, outputOf, plural } from '@chaosproxy/history'
import {
  coreOf,
  effectOf,
  elementsIn,
  isOk,
  isTaking,
  keyOf,
  nameText,
  valueText,
  wasBefore,
} from '../operation-words.ts'
import type { SheetInput } from '../sheets/sheet.ts'
import type { FindLoss, Loss } from './loss.ts'

/** Functions that find losses in a queue. The first ones consider all messages, the others only the counterexample. */
export const queueLosses: readonly FindLoss[] = [lostMessages, twice, foundEmpty, outOfOrder]

/** Finds messages that a drained queue lost: `106 acknowledged messages were lost`. */
function lostMessages({ report }: SheetInput): Loss | undefined {
  const { accounting } = report
  if (accounting?.result !== 'violated' || accounting.surelyLost === 0) return undefined
  const { surelyLost, lost } = accounting
  const missing = lost.reduce((sum, { count }) => sum + count, 0)
  const were = plural(surelyLost, 'acknowledged message was', 'acknowledged messages were')
  const changes = lost.map(({ operation }) => operation)
  return {
    claim: { claim: 'lost', of: 'messages', changes, least: surelyLost },
    title: `${surelyLost < missing ? 'At least ' : ''}${were} lost`,
    level: 'eventual',
  }
}

/**
 * Finds a message that was delivered repeatedly: `Message 7 was handed out twice`, unless an unknown outcome explains
 * it.
 */
function twice({ history, report, counterexample }: SheetInput): Loss | undefined {
  const { culprit } = counterexample
  const core = coreOf(counterexample)
  if (culprit === undefined) return undefined
  if (isSending(history, culprit)) return undefined
  const again = elementsIn(history, culprit).find((message) =>
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
  // The message was sent once, so all of its deliveries but one are surplus.
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

/** Finds an empty answer that no concurrent operation explains: `Queue x was found empty while it held messages`. */
function foundEmpty({ history, counterexample: { culprit, keys } }: SheetInput): Loss | undefined {
  if (culprit === undefined || !isOk(history, culprit)) return undefined
  if (isSending(history, culprit) || !['null', '[]'].includes(canonical(outputOf(history, culprit)))) return undefined
  return { title: `${queueNamed(keys)} was found empty while it held messages` }
}

/** Finds a wrong order of deliveries: `Queue x handed out 2 before 1, which was sent first`. */
function outOfOrder({ history, report, counterexample }: SheetInput): Loss | undefined {
  if (report.model !== 'queue') return undefined
  const core = coreOf(counterexample)
  const messages = core.flatMap((sent) => {
    const message = sentBy(history, sent)
    const taken = message === undefined ? undefined : core.find((row) => takenBy(history, row) === message)
    return message === undefined || taken === undefined ? [] : [{ message, sent, taken }]
  })
  for (const first of messages)
    for (const later of messages)
      if (wasBefore(history, first.sent, later.sent) && wasBefore(history, later.taken, first.taken)) {
        const [early, late] = [first, later].map(({ message }) => valueText(JSON.parse(message)))
        return { title: `${queueNamed(counterexample.keys)} handed out ${late} before ${early}, which was sent first` }
      }
  return undefined
}

const queueNamed = ([key]: readonly string[]): string =>
  key === undefined ? 'The queue' : `Queue ${nameText(key, 24)}`

const isSending = (history: History, row: OperationRow): boolean => effectOf(history, row) === 'appends'

/** Returns the message that an operation sent, as canonical JSON. */
const sentBy = (history: History, row: OperationRow): string | undefined =>
  isSending(history, row) ? elementsIn(history, row)[0] : undefined

/**
 * Returns the message that a dequeue took, as canonical JSON. Drains are left out, because it is unknown when they took
 * each message.
 */
const takenBy = (history: History, row: OperationRow): string | undefined =>
  isTaking(history, row) ? elementsIn(history, row)[0] : undefined
