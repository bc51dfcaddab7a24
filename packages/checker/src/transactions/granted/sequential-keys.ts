import type { Assumption } from './assumption.ts'
import { eachTouch, precedes, type Touch } from './touches.ts'

/** Elle's `sequential-keys?`: no session sees the versions of a key go back. */
export const sequentialKeys: Assumption = {
  name: 'sequential-keys',
  summary: 'no client sees the versions of a key go back',
  orders: (record, counts, grant) => {
    const latest = new Map<string, Touch>()
    eachTouch(record, counts, (touch) => {
      const session = record.session[touch.transaction]
      if (session < 0) return
      const name = `${session} ${touch.key}`
      const before = latest.get(name)
      latest.set(name, touch)
      if (before !== undefined && precedes(record, before.transaction, touch.transaction))
        grant(before.last, touch.first)
      grant(touch.first, touch.last)
    })
  },
}
