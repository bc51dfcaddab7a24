import { Findings } from '../record/findings.ts'
import type { Inference } from '../record/inference.ts'
import { ABORTED, APPEND, COMMITTED, READ, type TransactionRecord, transactionOf } from '../record/record.ts'
import { INITIAL, NO_VERSION, type Versions } from '../record/versions.ts'
import { findWrites, type Writes } from '../record/writes.ts'

/**
 * Infers the order of versions from reads of lists. Each element is a version, and the longest read of a key shows
 * their order. Versions whose elements no read contains come last, in any order (Elle: Kingsbury & Alvaro 2020). Takes
 * linear time.
 */
export function inferFromLists(record: TransactionRecord): Inference {
  const appends = findWrites(record, APPEND)
  const repeated = repeatedIn(record, appends)
  const nodes = nodesOf(record, appends)
  const counts = countedOf(record, appends, nodes)
  const longest = longestReads(record, repeated)
  const order = orderVersions(record, appends, nodes, counts, longest)
  const findings = new Findings()
  findInLongest(record, appends, nodes, longest, order, findings)
  readBases(record, appends, nodes, longest, order, findings)
  const { starts, ordered, writer, of } = order
  return { versions: { starts, ordered, writer, of, counts }, findings, repeated }
}

function repeatedIn({ key }: TransactionRecord, { repeated }: Writes): Inference['repeated'] {
  const found = new Map<number, readonly [first: number, second: number]>()
  for (const [first, [second]] of repeated) if (!found.has(key[first])) found.set(key[first], [first, second])
  return found
}

/** Columns by list. */
interface Nodes {
  /** By list: the append of its last element, or -1. */
  readonly append: Int32Array
  /** By list: its shortest prefix whose last element an aborted transaction appended; -1 if there is none. */
  readonly aborted: Int32Array
  /** By list: its shortest prefix whose last element was never appended, or -1. */
  readonly unwritten: Int32Array
}

function nodesOf({ lists, status }: TransactionRecord, { find, transaction }: Writes): Nodes {
  const { length, parent, last, key } = lists
  const append = new Int32Array(length)
  const aborted = new Int32Array(length)
  const unwritten = new Int32Array(length)
  for (let node = 0; node < length; node++) {
    const above = parent[node]
    if (above < 0) {
      append[node] = aborted[node] = unwritten[node] = -1
      continue
    }
    const row = key[node] < 0 ? -1 : find(key[node], last[node])
    append[node] = row
    aborted[node] = aborted[above] >= 0 || row < 0 || status[transaction[row]] !== ABORTED ? aborted[above] : node
    unwritten[node] = unwritten[above] >= 0 || row >= 0 ? unwritten[above] : node
  }
  return { append, aborted, unwritten }
}

/** By transaction: 1 if it committed, or if a committed transaction read what it appended. */
function countedOf({ length, lists, list, status }: TransactionRecord, { transaction }: Writes, { append }: Nodes) {
  const counts = new Uint8Array(length)
  let isOpen = false
  for (let t = 0; t < length; t++) {
    if (status[t] === COMMITTED) counts[t] = 1
    else if (status[t] !== ABORTED) isOpen = true
  }
  if (!isOpen) return counts
  const isSeen = new Uint8Array(lists.length)
  // A list has a larger number than its prefixes, so the loop below visits it before them.
  for (const node of list) if (node >= 0) isSeen[node] = 1
  for (let node = lists.length - 1; node >= 0; node--) {
    if (isSeen[node] === 0 || lists.parent[node] < 0) continue
    isSeen[lists.parent[node]] = 1
    const row = append[node]
    if (row >= 0 && status[transaction[row]] !== ABORTED) counts[transaction[row]] = 1
  }
  return counts
}

/**
 * By key: the micro-operation that read the longest list, or -1. NOT_JUDGED if an element was appended twice, because
 * reads of it do not show which append they saw.
 */
function longestReads(
  { keys, kind, key, list, lists }: TransactionRecord,
  repeated: Inference['repeated'],
): Int32Array {
  const longest = new Int32Array(keys.length).fill(-1)
  for (const k of repeated.keys()) longest[k] = NOT_JUDGED
  for (let row = 0; row < kind.length; row++) {
    if (list[row] < 0 || longest[key[row]] === NOT_JUDGED) continue
    const before = longest[key[row]]
    if (before < 0 || lists.depth[list[row]] > lists.depth[list[before]]) longest[key[row]] = row
  }
  return longest
}

/** `Versions`, with the position of each list in them. */
interface Order extends Omit<Versions, 'counts'> {
  /**
   * By list: the version of its last element whose transaction counts as committed. OFF if the list is not a prefix of
   * the longest read.
   */
  readonly version: Int32Array
  /** By micro-operation: the position of its element in the longest read, from 1; 0 if it is missing. */
  readonly place: Int32Array
}

const OFF = -3
const NOT_JUDGED = -4

function orderVersions(
  { keys, kind, key, list, lists }: TransactionRecord,
  { transaction }: Writes,
  { append }: Nodes,
  counts: Uint8Array,
  longest: Int32Array,
): Order {
  const place = new Int32Array(kind.length)
  const perKey = new Int32Array(keys.length)
  let rows = 0
  for (let row = 0; row < kind.length; row++)
    if (kind[row] === APPEND && counts[transaction[row]] === 1 && longest[key[row]] !== NOT_JUDGED) {
      perKey[key[row]]++
      rows++
    }
  const starts = new Int32Array(keys.length + 1)
  for (let k = 0; k < keys.length; k++) starts[k + 1] = starts[k] + perKey[k]
  const writer = new Int32Array(rows)
  const of = new Int32Array(kind.length).fill(NO_VERSION)
  const version = new Int32Array(lists.length).fill(OFF)
  const next = starts.slice()
  const path: number[] = []
  for (let k = 0; k < keys.length; k++) {
    if (longest[k] < 0) continue
    path.length = 0
    for (let node = list[longest[k]]; node >= 0; node = lists.parent[node]) path.push(node)
    let last = INITIAL
    for (let at = path.length - 1; at >= 0; at--) {
      const node = path[at]
      const row = append[node]
      if (row >= 0 && place[row] === 0) {
        place[row] = lists.depth[node]
        if (counts[transaction[row]] === 1) {
          last = next[k]++
          writer[last] = transaction[row]
          of[row] = last
        }
      }
      version[node] = last
    }
  }
  const ordered = next.slice(0, keys.length)
  for (let row = 0; row < kind.length; row++) {
    if (kind[row] !== APPEND || place[row] > 0 || counts[transaction[row]] === 0) continue
    if (longest[key[row]] === NOT_JUDGED) continue
    of[row] = next[key[row]]++
    writer[of[row]] = transaction[row]
  }
  return { starts, ordered, writer, of, version, place }
}

function findInLongest(
  record: TransactionRecord,
  { transaction }: Writes,
  { append }: Nodes,
  longest: Int32Array,
  { place }: Order,
  findings: Findings,
): void {
  const { keys, list, lists, key, kind, starts, length, status } = record
  const reader = new Int32Array(keys.length).fill(-1)
  for (let k = 0; k < keys.length; k++) {
    const read = longest[k]
    if (read < 0) continue
    reader[k] = transactionOf(record, read)
    let after = -1
    for (let node = list[read]; lists.parent[node] >= 0; node = lists.parent[node]) {
      const row = append[node]
      if (row < 0) continue
      if (place[row] !== lists.depth[node]) findings.add('duplicate-elements', reader[k], read, row)
      else if (status[transaction[row]] !== ABORTED) after = row
      else if (after >= 0) findings.add('dirty-update', transaction[after], after, row)
    }
  }
  // A transaction's appends to one key must keep the order in which it made them.
  for (let t = 0; t < length; t++) {
    if (status[t] === ABORTED) continue
    for (let row = starts[t] + 1; row < starts[t + 1]; row++) {
      if (kind[row] !== APPEND || place[row] === 0) continue
      for (let earlier = starts[t]; earlier < row; earlier++) {
        if (kind[earlier] !== APPEND || key[earlier] !== key[row]) continue
        if (place[earlier] > 0 && place[earlier] < place[row]) continue
        findings.add('torn-append', reader[key[row]], longest[key[row]], row)
        break
      }
    }
  }
}

/**
 * Finds the version that each read shows, ignoring the appends of its own transaction. Also finds anomalies of single
 * reads.
 */
function readBases(
  record: TransactionRecord,
  { transaction }: Writes,
  { append, aborted, unwritten }: Nodes,
  longest: Int32Array,
  { version, place, of }: Order,
  findings: Findings,
): void {
  const { length, starts, key, list, lists, status } = record
  for (let t = 0; t < length; t++) {
    if (status[t] !== COMMITTED) continue
    const end = starts[t + 1]
    for (let row = starts[t]; row < end; row++) {
      if (list[row] < 0 || longest[key[row]] === NOT_JUDGED) continue
      const node = list[row]
      if (version[node] === OFF) findings.add('incompatible-order', t, row, longest[key[row]])
      const ended = withoutOwn(record, append, t, row)
      if (ended < 0) findings.add('internal', t, row, -1)
      // A list that does not end with the transaction's own appends counts as written by other transactions.
      const base = ended < 0 ? node : ended
      const other = earlierRead(record, append, t, row)
      if (other >= 0) findings.add('non-repeatable-read', t, row, other)
      if (aborted[node] >= 0) findings.add('G1a', t, row, append[aborted[node]])
      if (unwritten[node] >= 0) findings.add('unwritten-read', t, row, -1)
      const own = ownIn(record, place, t, row, lists.depth[base])
      if (own > row) findings.add('future-read', t, row, own)
      else if (own >= 0 && ended >= 0) findings.add('internal', t, row, own)
      const last = append[base]
      if (last >= 0 && transaction[last] !== t && isIntermediate(record, transaction[last], last))
        findings.add('G1b', t, row, last)
      if (version[base] !== OFF && version[node] !== OFF) of[row] = version[base]
    }
  }
}

/**
 * Returns the list that a read returned, without the elements that its transaction had appended before; -1 if the list
 * does not end with these.
 */
function withoutOwn(
  { starts, kind, key, list, lists }: TransactionRecord,
  append: Int32Array,
  t: number,
  read: number,
) {
  let node = list[read]
  for (let row = read - 1; row >= starts[t]; row--) {
    if (kind[row] !== APPEND || key[row] !== key[read]) continue
    if (append[node] !== row) return -1
    node = lists.parent[node]
  }
  return node
}

/**
 * Returns the transaction's previous read of the key if the two reads differ even without the transaction's own
 * appends. Otherwise returns -1.
 */
function earlierRead(record: TransactionRecord, append: Int32Array, t: number, read: number): number {
  const { starts, kind, key } = record
  for (let row = read - 1; row >= starts[t]; row--) {
    if (kind[row] !== READ || key[row] !== key[read]) continue
    const before = withoutOwn(record, append, t, row)
    return before >= 0 && before !== withoutOwn(record, append, t, read) ? row : -1
  }
  return -1
}

/** Returns an append of the transaction among the first `depth` elements of the longest read, or -1. */
function ownIn({ starts, kind, key }: TransactionRecord, place: Int32Array, t: number, read: number, depth: number) {
  for (let row = starts[t + 1] - 1; row >= starts[t]; row--)
    if (kind[row] === APPEND && key[row] === key[read] && place[row] > 0 && place[row] <= depth) return row
  return -1
}

/** Reports whether the transaction appends to the same key again. */
function isIntermediate({ starts, kind, key }: TransactionRecord, t: number, append: number): boolean {
  for (let row = append + 1; row < starts[t + 1]; row++)
    if (kind[row] === APPEND && key[row] === key[append]) return true
  return false
}
