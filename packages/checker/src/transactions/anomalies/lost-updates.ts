import type { Situation } from '../levels/situation.ts'
import { ADD, READ, type TransactionRecord, UNKNOWN } from '../record/record.ts'
import { INITIAL, NO_VERSION, type Versions } from '../record/versions.ts'

/**
 * Groups of transactions that read the same version of a key and then wrote the key. In each group, all updates but one
 * are lost.
 */
export interface LostUpdates {
  readonly count: number
  readonly first: readonly number[]
}

export function findLostUpdates({ core, record, versions }: Situation): LostUpdates | undefined {
  const { starts, kind, key, keys } = record
  const writer = new Int32Array(keys.length).fill(-1)
  const groups = new Map<string, number[]>()
  const found: number[][] = []
  for (const t of core.transaction) {
    if (t < 0) continue
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      const k = key[row]
      if (kind[row] === READ || writer[k] === t) continue
      writer[k] = t
      const version = versionForUpdate(record, versions, t, k)
      if (version === NO_VERSION) continue
      const name = `${k} ${version}`
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [t])
      else if (group.push(t) === 2) found.push(group)
    }
  }
  return found.length === 0 ? undefined : { count: found.length, first: found[0] }
}

/**
 * Returns the version from which a transaction computed its write of a key: the last version that it read before.
 * NO_VERSION if it read no version, or an unknown version. Also NO_VERSION if the server computed the value, as in
 * `SET n = n + 1`, because then no update is lost.
 */
export function versionForUpdate(
  { starts, kind, key, value }: TransactionRecord,
  { of }: Versions,
  t: number,
  k: number,
): number {
  let version = NO_VERSION
  for (let row = starts[t]; row < starts[t + 1]; row++) {
    if (key[row] !== k) continue
    if (kind[row] !== READ) return kind[row] === ADD || value[row] === UNKNOWN || of[row] < 0 ? NO_VERSION : version
    if (of[row] >= INITIAL) version = of[row]
    else if (value[row] !== UNKNOWN) version = NO_VERSION
  }
  return NO_VERSION
}
