import { FLAG_FINAL, type History, plural } from '@chaosproxy/history'
import { functionOf } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/** `106 acknowledged messages were lost`; `never came out` if only an empty answer shows that nothing was left. */
export const queueLoss: FindLoss = ({ history, report }) => {
  const { accounting } = report
  if (accounting?.result !== 'violated' || accounting.surelyLost === 0) return undefined
  const { surelyLost, lost } = accounting
  const missing = lost.reduce((sum, { count }) => sum + count, 0)
  const messages = plural(surelyLost, 'acknowledged message')
  const verb = !wasDrained(history) ? 'never came out' : surelyLost === 1 ? 'was lost' : 'were lost'
  return { title: `${surelyLost < missing ? 'At least ' : ''}${messages} ${verb}`, level: 'eventual' }
}

/** Whether the run ended by taking out what was left. */
function wasDrained(history: History): boolean {
  const { length, flags } = history.operations
  for (let row = length - 1; row >= 0; row--)
    if (functionOf(history, row) === 'drain' || ((flags[row] ?? 0) & FLAG_FINAL) !== 0) return true
  return false
}
