import type { TransactionNote } from '@chaosproxy/history'
import { Findings } from '../record/findings.ts'
import type { Inference } from '../record/inference.ts'
import { committed, eachRow, READ, type TransactionRecord } from '../record/record.ts'
import { INITIAL, NO_VERSION } from '../record/versions.ts'
import { findRepeated } from './infer.ts'

/** Returns the versions that the recorder reported, if these are complete. */
export function givenVersions(
  record: TransactionRecord,
  notes: readonly (TransactionNote | undefined)[],
): Inference | undefined {
  const { length, starts, kind, key, keys } = record
  const counts = committed(record)
  if (length === 0 || notes.some((note, t) => counts[t] === 1 && note?.versions === undefined)) return undefined
  const placeOf = (t: number, row: number): number => notes[t]?.versions?.[row - starts[t]] ?? NO_VERSION
  /** By key: the transaction that wrote each version. The versions have the numbers that the recorder reported. */
  const writers = Array.from(keys, () => new Map<number, number>())
  eachRow(record, (row, t) => {
    if (counts[t] === 1 && kind[row] !== READ) writers[key[row]].set(placeOf(t, row), t)
  })
  const firsts = new Int32Array(keys.length + 1)
  const writer: number[] = []
  const versions = writers.map((places, k) => {
    firsts[k] = writer.length
    const ordered = [...places].sort(([one], [other]) => one - other)
    return new Map(ordered.map(([place, t]) => [place, writer.push(t) - 1]))
  })
  firsts[keys.length] = writer.length
  const of = new Int32Array(kind.length).fill(NO_VERSION)
  eachRow(record, (row, t) => {
    if (counts[t] === 0) return
    const place = placeOf(t, row)
    const version = place === INITIAL ? INITIAL : (versions[key[row]].get(place) ?? NO_VERSION)
    of[row] = kind[row] === READ && version >= 0 && writer[version] === t ? NO_VERSION : version
  })
  const findings = new Findings()
  findRepeated(record, of, findings)
  return {
    versions: { starts: firsts, ordered: firsts.slice(1), writer: Int32Array.from(writer), of, counts },
    findings,
    repeated: new Map(),
  }
}
