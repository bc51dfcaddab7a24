import { UserError } from '@chaosproxy/history'
import { NEVER } from '../../encoding/encoded.ts'
import { READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'

/** An assumption about the order in which the versions of each key were installed. */
export interface Assumption {
  readonly name: string
  readonly summary: string
  /**
   * Calls `grant` with pairs of micro-operations on one key. The version of the first is not newer than that of the
   * second. `counts` is 1 for each transaction that counts as committed.
   */
  orders(record: TransactionRecord, counts: Uint8Array, grant: Grant): void
}

type Grant = (before: number, after: number) => void

/** The reads and writes of one key by one transaction. */
interface Touch {
  readonly transaction: number
  readonly key: number
  /** `first` and `last`: the micro-operations with the transaction's first and last version of the key. */
  readonly first: number
  readonly last: number
  readonly written: number
}

function eachTouch(record: TransactionRecord, counts: Uint8Array, visit: (touch: Touch) => void): void {
  const { length, starts, kind, key, value } = record
  for (let transaction = 0; transaction < length; transaction++) {
    if (counts[transaction] === 0) continue
    const touches = new Map<number, { first: number; last: number; written: number }>()
    for (let row = starts[transaction]; row < starts[transaction + 1]; row++) {
      if (kind[row] === READ && value[row] === UNKNOWN) continue
      const known = touches.get(key[row])
      const written = kind[row] === READ ? -1 : row
      if (known === undefined) touches.set(key[row], { first: row, last: row, written })
      else {
        known.last = row
        if (written >= 0) known.written = written
      }
    }
    for (const [k, touch] of touches) visit({ transaction, key: k, ...touch })
  }
}

const precedes = ({ invoked, completed }: TransactionRecord, one: number, other: number): boolean =>
  completed[one] !== NEVER && completed[one] < invoked[other]

/**
 * Elle's `wfr-keys?`: a version that a transaction writes to a key follows the version that the transaction read
 * before.
 */
const writeFollowsRead: Assumption = {
  name: 'write-follows-read',
  summary:
    'in a transaction that reads a key and then writes it, the written version follows the version that was read',
  orders: (record, counts, grant) => {
    eachTouch(record, counts, ({ first, written }) => {
      if (record.kind[first] === READ && written >= 0) grant(first, written)
    })
  },
}

/** Elle's `sequential-keys?`: each session sees the versions of a key in ascending order. */
const sequentialKeys: Assumption = {
  name: 'sequential-keys',
  summary: 'each client reads and writes the versions of a key in ascending order',
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

/** Elle's `linearizable-keys?`: each key by itself is linearizable. */
const linearizableKeys: Assumption = {
  name: 'linearizable-keys',
  summary: 'each key by itself is linearizable: no transaction sees an older version than one that ended before',
  orders: (record, counts, grant) => {
    /**
     * By key: the touches that the next touch may directly follow. A touch is omitted if another touch began after its
     * end and has ended as well.
     */
    const newest = new Map<number, Touch[]>()
    eachTouch(record, counts, (touch) => {
      grant(touch.first, touch.last)
      const { transaction } = touch
      const before = newest.get(touch.key) ?? []
      const ended = before.filter((other) => precedes(record, other.transaction, transaction))
      // Orders the new touch only after those touches in `ended` that precede no other touch in `ended`. The orders
      // after the others follow by transitivity.
      for (const one of ended)
        if (!ended.some((other) => precedes(record, one.transaction, other.transaction))) grant(one.last, touch.first)
      const last = Math.max(-1, ...ended.map((other) => record.invoked[other.transaction]))
      newest.set(touch.key, [...before.filter((other) => record.completed[other.transaction] >= last), touch])
    })
  },
}

export const assumptions: readonly Assumption[] = [writeFollowsRead, sequentialKeys, linearizableKeys]

/** @throws UserError if no assumption has this name. */
export function assumptionOf(name: string): Assumption {
  const found = assumptions.find((each) => each.name === name)
  if (found !== undefined) return found
  const names = assumptions.map((each) => each.name).join(', ')
  throw new UserError('usage', `there is no assumption "${name}". There are: ${names}.`)
}
