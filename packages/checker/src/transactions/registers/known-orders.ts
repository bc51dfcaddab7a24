import { addTo } from '../../encoding/lists.ts'
import { depthFirst, NO_MORE } from '../../graph/walks.ts'
import type { Assumption } from '../granted/assumptions.ts'
import { type EdgeKind, EdgeList, type Edges, RW, WR, WW } from '../graph/edges.ts'
import { READ, type TransactionRecord, UNKNOWN, WRITE } from '../record/record.ts'
import { INITIAL, type KeyFacts, type Sources } from './sources.ts'

/** The orders of versions that follow from the granted assumptions. */
export interface GrantedOrders {
  readonly names: readonly string[]
  /**
   * WW edges between writers of a key, and RW edges from a reader to the writer of a later version. Only known writers
   * have edges.
   */
  readonly edges: EdgeList
  /** Two micro-operations on one key whose versions the assumptions order both ways; undefined if there are none. */
  readonly contradiction: readonly [one: number, other: number] | undefined
}

/** @param initial by key, the id of its initial value, which precedes all versions */
export function grantedOrders(
  record: TransactionRecord,
  sources: Sources,
  initial: Int32Array,
  granted: readonly Assumption[],
): GrantedOrders {
  const versions = new VersionOrder(record, sources, initial)
  for (const assumption of granted)
    assumption.orders(record, sources.counts, (before, after) => {
      versions.grant(before, after)
    })
  return { names: granted.map(({ name }) => name), edges: versions.edges(), contradiction: versions.contradiction() }
}

/** An order of versions, identified by their values because their writers may be unknown. */
class VersionOrder {
  readonly #record: TransactionRecord
  readonly #counts: Uint8Array
  readonly #initial: Int32Array
  readonly #numbers = new Map<string, number>()
  /** By version: a micro-operation that read or wrote it. */
  readonly #rows: number[] = []
  readonly #later: Set<number>[] = []

  constructor(record: TransactionRecord, { counts }: Sources, initial: Int32Array) {
    this.#record = record
    this.#counts = counts
    this.#initial = initial
  }

  grant(before: number, after: number): void {
    const { value, key } = this.#record
    const initial = this.#initial[key[before]]
    if (value[before] === value[after]) return
    // The initial value always precedes every other version.
    if (value[before] === initial) return
    const [one, other] = [this.#numberOf(before), this.#numberOf(after)]
    this.#later[one]?.add(other)
    if (value[after] === initial) this.#later[other]?.add(one)
  }

  contradiction(): GrantedOrders['contradiction'] {
    const later = this.#later.map((versions) => [...versions])
    const ordered = depthFirst(later.length, (version, place) => later[version]?.[place] ?? NO_MORE)
    if ('order' in ordered) return undefined
    const [first = 0, last = first] = [ordered.cycle[0], ordered.cycle.at(-1)]
    return [this.#rows[last], this.#rows[first]]
  }

  edges(): EdgeList {
    const { starts, kind, key, value, length } = this.#record
    const writers = new Int32Array(this.#rows.length).fill(-1)
    const readers: number[][] = this.#rows.map(() => [])
    for (let t = 0; t < length; t++) {
      if (this.#counts[t] === 0) continue
      for (let row = starts[t]; row < starts[t + 1]; row++) {
        const version = this.#numbers.get(this.#nameOf(row))
        if (version === undefined) continue
        if (kind[row] === WRITE) writers[version] = t
        else if (kind[row] === READ && value[row] !== UNKNOWN) readers[version]?.push(t)
      }
    }
    const edges = new EdgeList()
    this.#later.forEach((all, version) => {
      const k = key[this.#rows[version]]
      for (const other of all) {
        const writer = writers[other]
        if (writer < 0) continue
        if (writers[version] >= 0) edges.add(writers[version], writer, WW, k)
        for (const reader of readers[version] ?? []) edges.add(reader, writer, RW, k)
      }
    })
    return edges
  }

  #nameOf(row: number): string {
    return `${this.#record.key[row]} ${this.#record.value[row]}`
  }

  #numberOf(row: number): number {
    const name = this.#nameOf(row)
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#rows.length)
    this.#later.push(new Set())
    return this.#rows.push(row) - 1
  }
}

/**
 * If a key has at most this many pairs of a reader and a writer, readers of the initial value get an edge to each
 * writer.
 */
const FEW = 4096

/**
 * Returns the edges that hold whatever the order of the versions is, for the search for anomalies. They follow from the
 * orders `granted`, and from three rules:
 *
 * - a writer precedes its readers
 * - the initial value precedes every other version
 * - if a transaction read a version and then wrote the key, the version that it read precedes the version that it wrote
 */
export function certainOrders(facts: KeyFacts, granted: Edges): EdgeList {
  const edges = new EdgeList(3 * facts.reader.length)
  const { readStarts, writerStarts, reader, source, isUpdate, writer } = facts
  for (let k = 0; k < facts.keys; k++) {
    /**
     * By source (the writer of a version of key `k`, or `INITIAL`): the transactions that read this version and also
     * wrote `k`.
     */
    const updates = new Map<number, number[]>()
    let initialReaders = 0
    for (let at = readStarts[k]; at < readStarts[k + 1]; at++) {
      if (source[at] === INITIAL) initialReaders++
      else edges.add(source[at], reader[at], WR, k)
      if (isUpdate[at] === 0) continue
      addTo(updates, source[at], reader[at])
      if (source[at] !== INITIAL) edges.add(source[at], reader[at], WW, k)
    }
    const areFew = initialReaders * (writerStarts[k + 1] - writerStarts[k]) <= FEW
    if (areFew) updates.set(INITIAL, Array.from(writer.subarray(writerStarts[k], writerStarts[k + 1])))
    for (let at = readStarts[k]; at < readStarts[k + 1]; at++)
      for (const other of (updates.get(source[at]) ?? []).slice(0, FEW)) edges.add(reader[at], other, RW, k)
  }
  for (let e = 0; e < granted.length; e++)
    edges.add(granted.from[e], granted.to[e], granted.kind[e] as EdgeKind, granted.key[e])
  return edges
}
