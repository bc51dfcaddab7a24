import type { Finding } from '../record/findings.ts'
import { ABORTED, APPEND, READ, type TransactionRecord, transactionOf, WRITE } from '../record/record.ts'
import { findWrites } from '../record/writes.ts'
import type { Proof } from './words.ts'

/**
 * Returns the proofs of a finding: the writers of the values read, or a read that shows the order of writes. Empty if
 * the recorded statements already show this.
 */
export function proofsOfRead(record: TransactionRecord, finding: Finding): readonly Proof[] {
  const { transaction, other } = finding
  const { kind, status, history } = record
  if (history.transactionNotes !== undefined) return []
  const known = [transaction, ...(other < 0 ? [] : [transactionOf(record, other)])]
  const proofs = new Map<number, Proof>()
  for (const row of rowsBehind(record, finding)) {
    const t = transactionOf(record, row)
    if (known.includes(t) || status[t] === ABORTED) continue
    const rows = [...(proofs.get(t)?.rows ?? []), row]
    const why = kind[row] === READ ? 'shows the order of the writes' : 'wrote what was read'
    proofs.set(t, { transaction: t, rows, why })
  }
  return [...proofs.values()]
}

function rowsBehind(record: TransactionRecord, { anomaly, transaction, micro, other }: Finding): readonly number[] {
  const { list, key, value } = record
  const k = key[micro]
  if (anomaly === 'dirty-update') return longestReadOf(record, k)
  if (list[micro] < 0) {
    if (anomaly !== 'non-repeatable-read') return []
    const { find } = findWrites(record, WRITE)
    return [find(k, value[micro]), find(k, value[other])].filter((row) => row >= 0)
  }
  const { find } = findWrites(record, APPEND)
  const writesOf = (nodes: readonly number[]): readonly number[] =>
    nodes.map((node) => find(k, record.lists.last[node])).filter((row) => row >= 0)
  const isOthers = (row: number): boolean => transactionOf(record, row) !== transaction
  switch (anomaly) {
    case 'incompatible-order':
      return writesOf(differing(record, micro, other).flatMap(([first]) => first ?? []))
    // One element that only one of the two reads contains suffices as a proof.
    case 'non-repeatable-read':
      return writesOf(differing(record, micro, other).flat())
        .filter(isOthers)
        .slice(0, 1)
    case 'internal':
      return afterOwn(writesOf(elements(record, micro)), isOthers)
    default:
      return []
  }
}

function elements({ list, lists }: TransactionRecord, read: number): readonly number[] {
  const nodes: number[] = []
  for (let node = list[read]; lists.parent[node] >= 0; node = lists.parent[node]) nodes.push(node)
  return nodes.reverse()
}

/** Returns the elements of two lists from their first difference on. */
function differing(record: TransactionRecord, one: number, other: number) {
  const [first, second] = [elements(record, one), elements(record, other)]
  const at = first.findIndex((node, i) => node !== second[i])
  return at < 0 ? [[], second.slice(first.length)] : [first.slice(at), second.slice(at)]
}

/** Returns the first write by another transaction after the transaction's own first write. */
function afterOwn(rows: readonly number[], isOthers: (row: number) => boolean): readonly number[] {
  const own = rows.findIndex((row) => !isOthers(row))
  return own < 0 ? [] : rows.slice(own).filter(isOthers).slice(0, 1)
}

function longestReadOf({ kind, key, list, lists }: TransactionRecord, k: number): readonly number[] {
  let longest = -1
  for (let row = 0; row < kind.length; row++) {
    if (kind[row] !== READ || key[row] !== k || list[row] < 0) continue
    if (longest < 0 || lists.depth[list[row]] > lists.depth[list[longest]]) longest = row
  }
  return longest < 0 ? [] : [longest]
}
