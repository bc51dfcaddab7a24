import { canonical, elementsOf, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { functionTest, type OperationRow } from '../encoding/operation-row.ts'
import { appendedIn, isAppendToLog, isOffset } from './operations.ts'

const DIGITS = /^\d+$/

/** Describes why an answer can be neither an offset nor an entry; undefined if it can. */
export function nonsenseIn(history: History): (row: OperationRow) => string | undefined {
  const { f, outcome } = history.operations
  const isAppend = functionTest(history, isAppendToLog)
  return (row) => {
    if (outcome[row] !== OK) return undefined
    const output = outputOf(history, row)
    return isAppend(row)
      ? wrongOffset(history.functions[f[row]], inputOf(history, row), output)
      : wrongEntry(history, output)
  }
}

function wrongOffset(f: string, value: Json, output: Json): string | undefined {
  if (output === null || canonical(output) === canonical(value)) return undefined
  if (typeof output === 'number' && !isOffset(output))
    return `this ${f} is answered with ${output}. An offset is a whole number from 0; leave it out if it is not known.`
  if (typeof output === 'string' && DIGITS.test(output) && typeof value !== 'number')
    return `this ${f} is answered with the text ${JSON.stringify(output)}. An offset is a number: ${output}.`
  if (!Array.isArray(output)) return undefined
  const [offset = null, entry = null] = output
  if (output.length === 2 && isOffset(offset) && canonical(entry) === canonical(value)) return undefined
  return `this ${f} is answered with ${JSON.stringify(output)}. It appends one value and is answered with its offset, such as 3; write an operation for each value of a batch.`
}

function wrongEntry(history: History, output: Json): string | undefined {
  const wrong = elementsOf(output)?.find(
    (entry) => looksLikeEntry(entry) && !appendedIn(history).has(history.values.id(entry)),
  )
  return wrong === undefined
    ? undefined
    : `an entry that was read is ${JSON.stringify(wrong)}, which nobody appended. A read returns values, such as ["a","b"], or pairs of offset and value, such as [[1,"a"],[2,"b"]].`
}

/** Whether an entry seems to hold an offset and a value in a form other than [number, value]. */
function looksLikeEntry(entry: Json): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  if (Array.isArray(entry)) return entry.length === 2 && typeof entry[0] === 'string' && DIGITS.test(entry[0])
  return 'offset' in entry
}
