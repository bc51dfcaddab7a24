import type { Counterexample, TransactionDrawing } from '@chaosproxy/checker'
import { duration, FAIL, type History, hasTimes, moment, outputOf } from '@chaosproxy/history'
import {
  byCall,
  callTimeOf,
  clientOfInWords,
  hasOwnAnswer,
  hasReturned,
  isOk,
  linesOf,
  mayReturnValue,
  nameText,
  nodeOf,
  printable,
  requestText,
  returnTimeOf,
  rowsOf,
  valueText,
} from '../operation-words.ts'
import { linesText } from '../places.ts'
import { didTexts, endText, nameOfPart } from '../transactions/lanes.ts'
import { capitalised, distinguishingDigits } from '../words.ts'

export interface Step {
  /** When the operation began, in the format of all pages; empty without times. */
  readonly at: string
  /** The step in a sentence: `process 9 asks n5 to write x 372, and is told after 7.0 ms that it is done.` */
  readonly text: string
  readonly isAccused: boolean
  /** The operation's lines in the history: `lines 3 and 9`. */
  readonly lines: string
}

export function stepsOf(history: History, counterexample: Counterexample): Step[] {
  if (counterexample.transactions !== undefined) return stepsOfTransactions(history, counterexample.transactions)
  const { culprit } = counterexample
  const rows = rowsOf(counterexample).toSorted(byCall(history))
  const timed = hasTimes(history)
  const digits = distinguishingDigits(rows.map((row) => callTimeOf(history, row)))
  return rows.map((row) => ({
    at: timed ? moment(callTimeOf(history, row), digits) : '',
    text: `${capitalised(callText(history, row))}, ${completionText(history, row, timed)}.`,
    isAccused: row === culprit,
    lines: linesText(history, linesOf(history, row)),
  }))
}

/**
 * Returns a step for each transaction: `T1, process 0: read x = [], append 1 to y, and 2 more reads and writes;
 * committed after 4.0 ms.`
 */
function stepsOfTransactions(history: History, { parts }: TransactionDrawing): Step[] {
  const timed = hasTimes(history)
  const digits = distinguishingDigits(parts.map(({ operation }) => callTimeOf(history, operation)))
  return parts.map((part, i) => {
    const { operation, members = [] } = part
    const last = members.at(-1) ?? operation
    const took = hasReturned(history, last) && timed
    const after = took ? ` after ${duration(returnTimeOf(history, last) - callTimeOf(history, operation))}` : ''
    return {
      at: timed ? moment(callTimeOf(history, operation), digits) : '',
      text: `${nameOfPart(i)}, ${clientOfInWords(history, operation)}: ${didTexts(part).map(printable).join(', ')}; ${endText(history, part)}${after}.`,
      isAccused: part.steps.some(({ isWrong }) => isWrong === true),
      lines: linesText(
        history,
        [operation, ...members.slice(1)].flatMap((row) => linesOf(history, row)),
      ),
    }
  })
}

function callText(history: History, row: number): string {
  const node = nodeOf(history, row)
  const who = clientOfInWords(history, row)
  return `${who} asks${node === undefined ? '' : ` ${nameText(node)}`} to ${requestText(history, row, { withKey: true })}`
}

function completionText(history: History, row: number, timed: boolean): string {
  if (!hasReturned(history, row)) return 'and is never answered: nobody knows whether it was done'
  const after = timed ? ` after ${duration(returnTimeOf(history, row) - callTimeOf(history, row))}` : ''
  if (isOk(history, row))
    return mayReturnValue(history, row) || hasOwnAnswer(history, row)
      ? `and is given ${valueText(outputOf(history, row))}${after}`
      : `and is told${after} that it is done`
  const error = history.errorOf(row)
  const because = error === undefined ? '' : ` (${printable(error.split('\n')[0] ?? '')})`
  return history.operations.outcome[row] === FAIL
    ? `and is told${after} that it was not done${because}`
    : `and does not learn whether it was done${because}`
}
