import type { Assumption } from './assumption.ts'
import { eachTouch, precedes, type Touch } from './touches.ts'

/** Elle's `linearizable-keys?`: each key by itself is linearizable, whatever holds for several. */
export const linearizableKeys: Assumption = {
  name: 'linearizable-keys',
  summary: 'each key by itself is linearizable: no transaction sees an older version than one that ended before',
  orders: (record, counts, grant) => {
    /** By key: touches that ended, but for those that ended before another of these began. */
    const newest = new Map<number, Touch[]>()
    eachTouch(record, counts, (touch) => {
      grant(touch.first, touch.last)
      const { transaction } = touch
      const before = newest.get(touch.key) ?? []
      const ended = before.filter((other) => precedes(record, other.transaction, transaction))
      // Of those that ended, each that ended before another of them began is told by that one.
      for (const one of ended)
        if (!ended.some((other) => precedes(record, one.transaction, other.transaction))) grant(one.last, touch.first)
      const last = Math.max(-1, ...ended.map((other) => record.invoked[other.transaction]))
      newest.set(touch.key, [...before.filter((other) => record.completed[other.transaction] >= last), touch])
    })
  },
}
