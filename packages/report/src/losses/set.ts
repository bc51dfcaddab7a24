import { plural } from '@chaosproxy/history'
import { isFinal } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/** `12 acknowledged elements were lost`; without final reads, they are only missing from the last one. */
export const setLoss: FindLoss = ({ history, report }) => {
  const surelyLost = report.accounting?.surelyLost ?? 0
  if (report.accounting?.result !== 'violated' || surelyLost === 0) return undefined
  const elements = plural(surelyLost, 'acknowledged element')
  const isOne = surelyLost === 1
  const { length } = history.operations
  let hasFinal = false
  for (let row = length - 1; row >= 0 && !hasFinal; row--) hasFinal = isFinal(history, row)
  const said = hasFinal ? `${isOne ? 'was' : 'were'} lost` : `${isOne ? 'is' : 'are'} missing from the last read`
  return { title: `${elements} ${said}`, level: 'eventual' }
}

/** `7 ids were handed out more than once`. */
export const idsLoss: FindLoss = ({ report: { accounting } }) => {
  const repeated = accounting?.duplicated.length ?? 0
  if (repeated === 0) return undefined
  return { title: `${plural(repeated, 'id')} ${repeated === 1 ? 'was' : 'were'} handed out more than once` }
}
