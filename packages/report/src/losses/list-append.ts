import { inputOf, type Json, outputOf, plural } from '@chaosproxy/history'
import { clientOf, isOk, isRead, nameText, rowsOf, wasBefore } from '../operation-words.ts'
import { acknowledgedOn } from '../sheets/sheet.ts'
import type { FindLoss } from './loss.ts'

/**
 * Finds acknowledged appends that a read of a list missed: `A read of list k missed 3 acknowledged appends`. Otherwise,
 * finds elements that an earlier read returned and this read missed. Appends of unknown outcome count only if they were
 * read.
 */
export const listLoss: FindLoss = ({ history, counterexample: { culprit, keys, operations } }) => {
  if (culprit === undefined || !isRead(history, culprit) || !isOk(history, culprit)) return undefined
  const seen = new Set(elementsOf(outputOf(history, culprit)))
  const before = acknowledgedOn(history, culprit).filter((row) => wasBefore(history, row, culprit))
  const missed = before.filter(
    (row) => !isRead(history, row) && !seen.has(JSON.stringify(inputOf(history, row))),
  ).length
  const [key] = keys
  const list = key === undefined ? 'the list' : `list ${nameText(key, 24)}`
  if (missed > 0) return { title: `A read of ${list} missed ${plural(missed, 'acknowledged append')}` }
  // Looks first at reads that are in the drawing.
  const drawn = new Set(rowsOf({ operations }))
  for (const row of before.toReversed().sort((a, b) => Number(drawn.has(b)) - Number(drawn.has(a)))) {
    if (!isRead(history, row)) continue
    const gone = elementsOf(outputOf(history, row)).filter((element) => !seen.has(element)).length
    if (gone === 0) continue
    return {
      title: `A read of ${list} missed ${plural(gone, 'element')} that ${clientOf(history, row)} had already read`,
    }
  }
  return undefined
}

const elementsOf = (read: Json): readonly string[] =>
  Array.isArray(read) ? read.map((element) => JSON.stringify(element)) : []
