import type { Breaches, Obstacle } from './breaches.ts'
import { type DynamicOrder, type Path, union } from './dynamic-order.ts'
import type { OrderProblem } from './problem.ts'
import { INITIAL } from './sources.ts'

/**
 * The rules of parallel snapshot isolation: of two writers of a key one sees the other, and so do all that see it;
 * nobody sees a writer of a key that comes after the source of a read. Orders must follow from edges here, not merely
 * be those of the present order: what is not visible may still come before.
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

  /** Looks at all keys until nothing changes any more: an edge of one may make something visible in another. */
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
        shown: [...visible.shown, ...(after?.shown ?? [])],
      }
    }
    return undefined
  }
}
