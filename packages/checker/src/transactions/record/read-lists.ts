import type { Lists } from '@chaosproxy/history'

export const NO_LIST = -1

/**
 * The lists that micro-operations read. An empty list is added for each key whose empty list no read showed. `key`: by
 * list, the dense number of its key. `empty`: by key, the number of its empty list.
 */
export interface ReadLists extends Lists {
  readonly key: Int32Array
  readonly empty: Int32Array
}

/** @param numberOf the dense number of a key by its id; -1 for none */
export function readLists(lists: Lists | undefined, keys: number, numberOf: (id: number) => number): ReadLists {
  const known = lists ?? { length: 0, parent: none, last: none, depth: none }
  const empty = new Int32Array(keys).fill(NO_LIST)
  const key = new Int32Array(known.length + keys)
  for (let list = 0; list < known.length; list++) {
    const above = known.parent[list]
    key[list] = above < 0 ? numberOf(known.last[list]) : key[above]
    if (above < 0 && key[list] >= 0) empty[key[list]] = list
  }
  const missing = empty.filter((list) => list < 0).length
  if (missing === 0) return { ...known, key: key.subarray(0, known.length), empty }
  // Adds empty lists for keys that no read has shown.
  const length = known.length + missing
  const { parent, last, depth } = known
  const longer = { parent: extended(parent, length), last: extended(last, length), depth: extended(depth, length) }
  let next = known.length
  for (let k = 0; k < keys; k++) {
    if (empty[k] >= 0) continue
    longer.parent[next] = NO_LIST
    key[next] = k
    empty[k] = next++
  }
  return { length, ...longer, key: key.subarray(0, length), empty }
}

const none = new Int32Array(0)

function extended(column: Int32Array, length: number): Int32Array {
  const longer = new Int32Array(length)
  longer.set(column)
  return longer
}
