import type { Situation } from '../levels/situation.ts'
import { READ } from '../record/record.ts'
import { INITIAL } from '../record/versions.ts'

/** Transactions that read one version of a key and all wrote the key: all but the first lost an update. */
export interface LostUpdates {
  readonly count: number
  readonly first: readonly number[]
}

export function findLostUpdates({ core, record, versions }: Situation): LostUpdates | undefined {
  const { starts, kind, key } = record
  /** By key and version: who read it and wrote the key. */
  const groups = new Map<string, number[]>()
  const found: number[][] = []
  for (const t of core.transaction) {
    if (t < 0) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== READ || versions.of[row] < INITIAL || !writes(t, key[row])) continue
      const name = `${key[row]} ${versions.of[row]}`
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [t])
      else if (group.at(-1) !== t && group.push(t) === 2) found.push(group)
    }
  }
  return found.length === 0 ? undefined : { count: found.length, first: found[0] }

  function writes(t: number, k: number): boolean {
    for (let row = starts[t]; row < starts[t + 1]; row++)
      if (kind[row] !== READ && key[row] === k && versions.of[row] >= 0) return true
    return false
  }
}
