import { type DynamicOrder, type Path, union } from './dynamic-order.ts'
import { commitOf, isPoint, type OrderProblem } from './problem.ts'
import { INITIAL, type Rows, rowsBy } from './sources.ts'

/** Two nodes; the first must precede the second. */
type Order = readonly [from: number, to: number]

/**
 * A breach of the rules. Either of the orders `first` and `second` would remove the breach. An impossible order is
 * undefined.
 */
export interface Obstacle {
  readonly first: Order | undefined
  readonly second: Order | undefined
}

export interface Breaches {
  /**
   * Returns the next breach of the rules; undefined if there is none. An `Obstacle` may be removed by adding an order.
   * A `Path` follows from the orders added so far, so adding another order cannot remove the breach.
   */
  next(): Obstacle | Path | undefined
  moved(nodes: readonly number[]): void
}

/**
 * Finds breaches of the rules, key by key. After transactions have moved in the order, checks the keys that they read
 * or write again.
 */
export class KeyOrders implements Breaches {
  readonly #problem: OrderProblem
  readonly #position: Int32Array
  readonly #reads: Rows
  readonly #writes: Rows
  readonly #isDirty: Uint8Array
  readonly #dirty: number[] = []
  /** `facts.writer`, with the writers of each key sorted by the current order. */
  readonly #sorted: Int32Array
  /** By transaction: its row among the writers of the key. */
  readonly #place: Int32Array

  constructor(problem: OrderProblem, position: Int32Array) {
    const { facts, transactions } = problem
    this.#problem = problem
    this.#position = position
    this.#reads = rowsBy(facts.readStarts, facts.reader, transactions)
    this.#writes = rowsBy(facts.writerStarts, facts.writer, transactions)
    this.#isDirty = new Uint8Array(facts.keys).fill(1)
    for (let k = facts.keys - 1; k >= 0; k--) this.#dirty.push(k)
    this.#sorted = facts.writer.slice()
    this.#place = new Int32Array(transactions)
  }

  moved(nodes: readonly number[]): void {
    const { transactions } = this.#problem
    for (const node of nodes) {
      if (!isPoint(this.#problem, node)) continue
      const t = node % transactions
      for (const at of this.#reads.of(t)) this.#look(this.#reads.key[at])
      for (const at of this.#writes.of(t)) this.#look(this.#writes.key[at])
    }
  }

  next(): Obstacle | undefined {
    for (let k = this.#dirty.at(-1); k !== undefined; k = this.#dirty.at(-1)) {
      const obstacle = this.#obstacleOf(k)
      if (obstacle !== undefined) return obstacle
      this.#dirty.pop()
      this.#isDirty[k] = 0
    }
    return undefined
  }

  #look(k: number): void {
    if (this.#isDirty[k] === 1) return
    this.#isDirty[k] = 1
    this.#dirty.push(k)
  }

  #obstacleOf(k: number): Obstacle | undefined {
    const { facts, rules } = this.#problem
    this.#sort(k)
    const first = facts.writerStarts[k]
    const end = facts.writerStarts[k + 1]
    if (rules.noConflicts)
      for (let at = first + 1; at < end; at++) {
        const [a, b] = [this.#sorted[at - 1], this.#sorted[at]]
        if (this.#position[b] < this.#position[this.#commit(a)])
          return { first: [this.#commit(a), b], second: [this.#commit(b), a] }
      }
    for (let at = first; at < end; at++) this.#place[this.#sorted[at]] = at
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
      if (rules.onlyUpdates && facts.isUpdate[at] === 0) continue
      const [reader, source] = [facts.reader[at], facts.source[at]]
      let place = source === INITIAL ? first : this.#place[source] + 1
      if (this.#sorted[place] === reader) place++
      if (place >= end) continue
      const between = this.#sorted[place]
      if (this.#position[this.#commit(between)] > this.#position[reader]) continue
      return {
        first: source === INITIAL ? undefined : [this.#commit(between), this.#commit(source)],
        second: [reader, this.#commit(between)],
      }
    }
    return undefined
  }

  /** Sorts the writers of a key by position, with insertion sort because few have moved. */
  #sort(k: number): void {
    const { facts } = this.#problem
    const first = facts.writerStarts[k]
    for (let at = first + 1; at < facts.writerStarts[k + 1]; at++) {
      const t = this.#sorted[at]
      const position = this.#position[this.#commit(t)]
      let to = at
      for (; to > first && this.#position[this.#commit(this.#sorted[to - 1])] > position; to--)
        this.#sorted[to] = this.#sorted[to - 1]
      this.#sorted[to] = t
    }
  }

  #commit(t: number): number {
    return commitOf(this.#problem, t)
  }
}

/**
 * The rules of parallel snapshot isolation. Transaction A sees transaction B only if edges lead from B to A. It is not
 * enough that B precedes A in the order. Of two writers of a key, one must see the other. A transaction that sees the
 * later writer must also see the earlier writer. A transaction that reads a version of a key must not see a later
 * writer of the key.
 */
export class ParallelOrders implements Breaches {
  readonly #problem: OrderProblem
  readonly #order: DynamicOrder
  readonly #sorted: Int32Array
  readonly #place: Int32Array
  #key = 0
  #isChanged = false

  constructor(problem: OrderProblem, order: DynamicOrder) {
    this.#problem = problem
    this.#order = order
    this.#sorted = problem.facts.writer.slice()
    this.#place = new Int32Array(problem.transactions)
  }

  moved(): void {
    this.#isChanged = true
  }

  /**
   * Checks all keys again after each change, because an edge added for one key may make a write to another key visible.
   */
  next(): Obstacle | Path | undefined {
    const { facts } = this.#problem
    for (;;) {
      if (this.#key === facts.keys) {
        if (!this.#isChanged) return undefined
        this.#isChanged = false
        this.#key = 0
      }
      const breach = this.#unordered(this.#key) ?? this.#tooOld(this.#key)
      if (breach !== undefined) {
        this.#isChanged = true
        return breach
      }
      this.#key++
    }
  }

  #unordered(k: number): Obstacle | undefined {
    const { writerStarts } = this.#problem.facts
    const { position } = this.#order
    const writers = this.#sorted.subarray(writerStarts[k], writerStarts[k + 1])
    writers.sort((a, b) => position[a] - position[b])
    for (let at = 1; at < writers.length; at++) {
      const [a, b] = [writers[at - 1], writers[at]]
      if (this.#order.path(a, b) === undefined) return { first: [a, b], second: [b, a] }
    }
    return undefined
  }

  #tooOld(k: number): Path | undefined {
    const { facts } = this.#problem
    const first = facts.writerStarts[k]
    const end = facts.writerStarts[k + 1]
    for (let at = first; at < end; at++) this.#place[this.#sorted[at]] = at
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
      const [reader, source] = [facts.reader[at], facts.source[at]]
      const place = source === INITIAL ? first : this.#place[source] + 1
      const newer = this.#sorted[place]
      if (place >= end || newer === reader) continue
      const visible = this.#order.path(newer, reader)
      if (visible === undefined) continue
      const after = source === INITIAL ? undefined : this.#order.path(source, newer)
      return {
        grounds: union(visible.grounds, after?.grounds ?? []),
        evidence: [...visible.evidence, ...(after?.evidence ?? [])],
      }
    }
    return undefined
  }
}
