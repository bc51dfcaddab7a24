/** What is wrong with one read, whatever the order of the transactions. Names are Elle's where it has one. */
export type ReadAnomaly =
  | 'torn-append'
  | 'incompatible-order'
  | 'duplicate-elements'
  | 'unwritten-read'
  | 'G1a'
  | 'G1b'
  | 'future-read'
  | 'dirty-update'
  | 'internal'
  | 'non-repeatable-read'

/** One read that is wrong by itself. */
export interface Finding {
  readonly anomaly: ReadAnomaly
  readonly transaction: number
  /** The micro-operation: the read, or for a dirty update the write. */
  readonly micro: number
  /** The other micro-operation it takes: a write or another read; -1 if none. */
  readonly other: number
}

/** Counts what is wrong and keeps the first of each kind. */
export class Findings {
  readonly #counts = new Map<ReadAnomaly, number>()
  readonly #first = new Map<ReadAnomaly, Finding>()

  add(anomaly: ReadAnomaly, transaction: number, micro: number, other: number): void {
    this.#counts.set(anomaly, this.count(anomaly) + 1)
    if (!this.#first.has(anomaly)) this.#first.set(anomaly, { anomaly, transaction, micro, other })
  }

  count(anomaly: ReadAnomaly): number {
    return this.#counts.get(anomaly) ?? 0
  }

  first(anomaly: ReadAnomaly): Finding | undefined {
    return this.#first.get(anomaly)
  }

  names(): readonly ReadAnomaly[] {
    return [...this.#counts.keys()]
  }
}
