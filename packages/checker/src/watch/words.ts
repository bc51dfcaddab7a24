import { type History, moment } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { phrase, who } from '../verdict/words.ts'
import type { Change, Watch } from './record.ts'
import type { Known } from './timeline.ts'

export interface Words {
  /** For example `process 3's watch 7 of x from revision 5 at n1`. */
  watch(watch: Watch): string
  /** For example `the put of 4 to x at revision 6`. */
  change(change: Change): string
  /** For example `the put of 4 to x at revision 6, made by process 2,`. */
  known(known: Known): string
  arrived(row: OperationRow): string
}

export function createWords(history: History): Words {
  const { operations } = history
  const change = ({ key, value, revision }: Change): string =>
    value === undefined
      ? `the deletion of ${key} at revision ${revision}`
      : `the put of ${JSON.stringify(value)} to ${key} at revision ${revision}`
  return {
    watch({ id, row, key, prefix, from }) {
      const what = key ?? (prefix === undefined ? 'everything' : `${prefix}*`)
      const start = from === undefined ? 'from now on' : `from revision ${from}`
      return `${who(history, row)}'s watch ${id} of ${what} ${start}${phrase('at', history.nodes[operations.node[row]])}`
    },
    change,
    known: (known) =>
      known.writer === undefined ? change(known) : `${change(known)}, made by ${who(history, known.writer)},`,
    arrived: (row) => {
      const time = operations.returnTime[row]
      return Number.isFinite(time) ? ` at ${moment(time)}` : ''
    },
  }
}
