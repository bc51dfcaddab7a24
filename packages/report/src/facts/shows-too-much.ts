import { type OperationRow, type Report, UNKNOWN_START } from '@chaosproxy/checker'
import { canonical, elementsOf, type History, inputOf, type Json, outputOf } from '@chaosproxy/history'
import { isBeyondTransfers } from '../losses/bank.ts'
import { isBeyondAdditions } from '../losses/counter.ts'
import { missedBy } from '../losses/log.ts'
import { elementsIn } from '../operation-words.ts'
import { changesAround } from '../sheets/sheet.ts'

/**
 * Reports whether a wrong read cannot have come from a stale copy: it shows more than the object ever contained, or it
 * lacks none of the earlier changes.
 */
export function showsTooMuch({ model }: Report<string>, history: History, read: OperationRow): boolean {
  if (model === 'bank') return isBeyondTransfers(history, read)
  if (model === 'counter') return isBeyondAdditions(history, read)
  if (model === 'log' || model === 'dense-log') {
    const { otherAt, missed } = missedBy(history, read)
    return otherAt !== undefined || missed === 0
  }
  const { before, open } = changesAround(history, read)
  const changes = [...before, ...open]
  if (model === 'set') {
    const initial = elementsOf(history.header?.initial ?? null) ?? []
    const added = new Set([
      ...changes.flatMap((row) => elementsIn(history, row)),
      ...initial.map((each) => canonical(each)),
    ])
    return history.header?.initial !== UNKNOWN_START && elementsIn(history, read).some((each) => !added.has(each))
  }
  if (model !== 'register' || !history.functions.includes('append')) return false
  const parts = changes.map((row) => inputOf(history, row)).concat(history.header?.initial ?? '')
  const most = parts.reduce<number>((sum, part) => sum + sizeOf(part), 0)
  return sizeOf(outputOf(history, read)) > most
}

const sizeOf = (text: Json): number => (typeof text === 'string' ? text.length : 0)
