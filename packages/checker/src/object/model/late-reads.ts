import { foundOrMade, type History, OK } from '@chaosproxy/history'
import { functionTest, type OperationRow } from '../../encoding/operation-row.ts'

/** Names a key in a sentence. An object without keys is named by its kind. */
export const nameOfKey = (history: History, key: number, kind: string): string => history.keys[key] ?? `the ${kind}`

/**
 * Returns the keys for which more than half of the acknowledged updates returned before the key's first read was
 * called. A loss of these updates stays undetected if the initial value is unknown: another initial value then explains
 * the reads.
 */
export function readTooLate(
  history: History,
  readsKey: (f: string) => boolean,
  isUpdate: (row: OperationRow) => boolean,
): readonly { readonly key: number; readonly before: number; readonly updates: number }[] {
  const { key, outcome, callEvent, returnEvent, length } = history.operations
  const isRead = functionTest(history, readsKey)
  const firstRead = new Map<number, number>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || !isRead(row)) continue
    firstRead.set(key[row], Math.min(firstRead.get(key[row]) ?? Number.POSITIVE_INFINITY, callEvent[row]))
  }
  const counts = new Map<number, { before: number; updates: number }>()
  for (let row = 0; row < length; row++) {
    const read = firstRead.get(key[row])
    if (read === undefined || outcome[row] !== OK || isRead(row) || !isUpdate(row)) continue
    const count = foundOrMade(counts, key[row], () => ({ before: 0, updates: 0 }))
    count.updates++
    if (returnEvent[row] < read) count.before++
  }
  return [...counts].flatMap(([of, { before, updates }]) =>
    2 * before > updates ? [{ key: of, before, updates }] : [],
  )
}

export const lateReadsInWords = (
  history: History,
  kind: string,
  noun: string,
  late: ReturnType<typeof readTooLate>,
): readonly string[] =>
  late.map(({ key, before, updates }) => {
    const how = before < updates ? `${before} of ${updates}` : updates === 1 ? 'the only' : `all ${updates}`
    return `${nameOfKey(history, key, kind)} was first read after ${how} acknowledged ${noun}${updates === 1 ? '' : 's'}. The initial value is unknown, so a loss of ${noun}s before this read would not be noticed`
  })
