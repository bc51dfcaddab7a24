import { elementsOf, type History, OK, outputOf, UserError } from '@chaosproxy/history'
import { placeOf } from '../encoding/place.ts'

/** @throws UserError for answers that contradict what a register does. */
export function vetRegister(history: History): void {
  const { functions, operations, values } = history
  const { f, outcome, output, length } = operations
  const cas = functions.indexOf('cas')
  const refused = cas < 0 ? -1 : values.id(false)
  const isRead = functions.map((name) => functions.includes('append') && (name === 'read' || name === 'get'))
  if (cas < 0 && !isRead.includes(true)) return
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    if (f[row] === cas && output[row] === refused)
      throw new UserError(
        'input',
        `${placeOf(history, row)}: this cas is "ok" and answered with false. If it found another value, it is "fail": write "type":"fail".`,
      )
    if (isRead[f[row]] && elementsOf(outputOf(history, row)) !== undefined)
      throw new UserError(
        'input',
        `${placeOf(history, row)}: this read returned a list. In a register appends extend a text; for those that extend a list: --model list-append, or --model log if they are answered with offsets.`,
      )
  }
}
