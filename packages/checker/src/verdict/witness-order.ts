import type { OperationRow } from '../encoding/operation-row.ts'
import type { Witness, WitnessOrder } from './verdict.ts'

/** The maximum length of lists that are built at once. For these, a getter would cost more than the list. */
const FEW = 1_000

/** Builds long lists on demand, because listing a million numbers takes longer than the check. */
export function orderOfRows(key: string | undefined, operations: number, list: () => OperationRow[]): WitnessOrder {
  if (operations <= FEW) return key === undefined ? { operations: list() } : { key, operations: list() }
  const named = key === undefined ? {} : { key }
  let known: OperationRow[] | undefined
  return {
    ...named,
    get operations() {
      known ??= list()
      return known
    },
  }
}

export interface PackedOrders {
  readonly keys: Int32Array
  /** By index in `keys`: where the key's rows end in `rows`. */
  readonly ends: Int32Array
  readonly rows: Int32Array
}

/**
 * Returns a witness that builds its list of orders on demand. For a million keys, this list takes far more memory than
 * the operations.
 */
export function witnessOfPacked(
  { keys, ends, rows }: PackedOrders,
  keyName: (key: number) => string | undefined,
): Witness {
  let known: WitnessOrder[] | undefined
  return {
    kind: 'order',
    get orders() {
      known ??= Array.from(keys, (key, place) => {
        const from = place === 0 ? 0 : ends[place - 1]
        return orderOfRows(keyName(key), rows.length, () => Array.from(rows.subarray(from, ends[place])))
      })
      return known
    },
  }
}

export function joined(some: readonly PackedOrders[]): PackedOrders {
  const [only] = some
  if (some.length === 1 && only !== undefined) return only
  const keys = some.reduce((sum, each) => sum + each.keys.length, 0)
  const rows = some.reduce((sum, { ends }) => sum + (ends.at(-1) ?? 0), 0)
  const merged = { keys: new Int32Array(keys), ends: new Int32Array(keys), rows: new Int32Array(rows) }
  const next = some.map(() => 0)
  let end = 0
  for (let at = 0; at < keys; at++) {
    let least = -1
    for (const [n, place] of next.entries()) {
      if (place < some[n].keys.length && (least === -1 || some[n].keys[place] < some[least].keys[next[least]]))
        least = n
    }
    const { ends, rows: own, keys: names } = some[least]
    const place = next[least]++
    const taken = own.subarray(place === 0 ? 0 : ends[place - 1], ends[place])
    merged.rows.set(taken, end)
    end += taken.length
    merged.keys[at] = names[place]
    merged.ends[at] = end
  }
  return merged
}
