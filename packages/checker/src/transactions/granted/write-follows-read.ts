import { READ } from '../record/record.ts'
import type { Assumption } from './assumption.ts'
import { eachTouch } from './touches.ts'

/** Elle's `wfr-keys?`: what a transaction writes to a key comes after what it read of it before. */
export const writeFollowsRead: Assumption = {
  name: 'write-follows-read',
  summary: 'what a transaction writes to a key comes after what it read of the key before',
  orders: (record, counts, grant) => {
    eachTouch(record, counts, ({ first, written }) => {
      if (record.kind[first] === READ && written >= 0) grant(first, written)
    })
  },
}
