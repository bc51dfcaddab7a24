import { plural } from '@chaosproxy/history'
import type { FindLoss } from './loss.ts'

/** `7 ids were handed out more than once`. */
export const idsLoss: FindLoss = ({ report: { accounting } }) => {
  const repeated = accounting?.duplicated.length ?? 0
  if (repeated === 0) return undefined
  return { title: `${plural(repeated, 'id')} ${repeated === 1 ? 'was' : 'were'} handed out more than once` }
}
