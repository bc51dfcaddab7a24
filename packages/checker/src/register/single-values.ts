import {
  elementsOf,
  type History,
  inputOf,
  type Json,
  OK,
  outputOf,
  readsWhole,
  replacesWhole,
} from '@chaosproxy/history'
import { wrongAt } from '../encoding/operation-row.ts'

/**
 * Rejects a history that writes single values but reads lists: it belongs to another model.
 *
 * @throws UserError that names the commands for the models that may fit.
 */
export function requireSingleValues(history: History): void {
  const { functions, operations } = history
  const { f, outcome, length } = operations
  const isRead = functions.map(readsWhole)
  const isWrite = functions.map(replacesWhole)
  if (!isWrite.includes(true)) return
  const lists: (readonly Json[])[] = []
  let first = -1
  let writes = 0
  for (let row = 0; row < length; row++) {
    if (isRead[f[row]] && outcome[row] === OK) {
      const read = outputOf(history, row)
      if (read === null) continue
      const list = elementsOf(read)
      if (list === undefined) return
      lists.push(list)
      if (first < 0) first = row
    } else if (isWrite[f[row]]) {
      if (elementsOf(inputOf(history, row)) !== undefined) return
      writes++
    }
  }
  if (first < 0 || writes === 0) return
  const list = JSON.stringify(elementsOf(outputOf(history, first)))
  throw wrongAt(
    history,
    first,
    `this read returned the list ${list.length > 60 ? `${list.slice(0, 57)}…` : list}, but writes have single values, so this is not a register. ${remedyOf(history, lists)}`,
  )
}

function remedyOf(history: History, lists: readonly (readonly Json[])[]): string {
  const file = history.source ?? 'FILE'
  const isEdn = history.format === 'edn' || history.format === 'jepsen-log'
  if (lists.some((list) => list.length > 1 && new Set(list.map((each) => JSON.stringify(each))).size === 1)) {
    const collapse = isEdn ? String.raw`s/\[([^] ]+)([, ]+\1)*\]/\1/` : String.raw`s/\[([^],]+)(, *\1)*\]/\1/`
    return `If the list has one element for each row, and every row has the value of the register, keep one element: sed -E '${collapse}' ${file} | npx chaos check -`
  }
  const write = history.functions.find(replacesWhole) ?? 'write'
  const rename = isEdn ? `s/:f :${write}\\b/:f :add/` : `s/"${write}"/"add"/`
  return `If each write adds an element: sed -E '${rename}' ${file} | npx chaos check - --model set`
}
