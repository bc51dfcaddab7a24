/** Anomalies of one read, whatever the order of the transactions. Named as in Elle, if Elle has a name. */
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

export interface Finding {
  readonly anomaly: ReadAnomaly
  readonly transaction: number
  /** The micro-operation with the anomaly: a read or, for a dirty update, a write. */
  readonly micro: number
  /** Another micro-operation that belongs to the anomaly, or -1. */
  readonly other: number
}

/** Counts anomalies by kind and keeps the first finding of each kind. */
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
