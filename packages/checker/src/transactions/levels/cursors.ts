import { addTo } from '../../encoding/lists.ts'
import { RW, WW } from '../graph/edges.ts'
import type { FurtherEdges } from '../graph/graph.ts'
import { READ } from '../record/record.ts'
import { INITIAL } from '../record/versions.ts'
import type { CycleStep, Outcome, Situation } from './situation.ts'

/**
 * Checks the rule of PL-CS (Adya 1999): if a transaction read a version and then wrote the key, it wrote the next
 * version.
 *
 * @returns a violation, or the ww edges that follow from the rule. If a transaction read the last ordered version and
 * wrote an unordered version, its version is the first of the unordered ones. So edges lead from this transaction to
 * the writers of the other unordered versions.
 */
export function decideCursors({ record, versions, core }: Situation): Outcome | FurtherEdges {
  const further = new Map<number, number[]>()
  /** By key: the transaction whose version must be the first of the versions without a known order. */
  const first = new Map<number, number>()
  for (const t of core.transaction) {
    if (t < 0) continue
    for (let row = record.starts[t]; row < record.starts[t + 1]; row++) {
      if (record.kind[row] !== READ || versions.of[row] < INITIAL) continue
      const key = record.key[row]
      const written = firstWrite(record, versions.of, t, key)
      if (written < 0) continue
      const next = versions.of[row] === INITIAL ? versions.starts[key] : versions.of[row] + 1
      const last = versions.ordered[key]
      const lost = firstOfOthers(versions.writer, next, Math.min(written, last), t)
      if (lost >= 0) return { result: 'violated', cycle: lostUpdate(t, versions.writer[lost], key) }
      if (written < last) continue
      const other = first.get(key)
      if (other === t) continue
      if (other !== undefined) return { result: 'violated', cycle: lostUpdate(t, other, key) }
      first.set(key, t)
      for (let v = last; v < versions.starts[key + 1]; v++) {
        const node = core.node[versions.writer[v]]
        if (node >= 0 && versions.writer[v] !== t) addTo(further, core.node[t], node)
      }
    }
  }
  return further
}

function firstWrite({ starts, kind, key }: Situation['record'], of: Int32Array, t: number, k: number): number {
  for (let row = starts[t]; row < starts[t + 1]; row++)
    if (kind[row] !== READ && key[row] === k && of[row] >= 0) return of[row]
  return -1
}

function firstOfOthers(writer: Int32Array, from: number, to: number, t: number): number {
  for (let v = from; v < to; v++) if (writer[v] !== t) return v
  return -1
}

const lostUpdate = (t: number, other: number, key: number): readonly CycleStep[] => [
  { from: t, to: other, kind: RW, key },
  { from: other, to: t, kind: WW, key },
]
