/** Numbers below this are counted one by one, larger ones to a part in 2^10. */
const EXACT = 2 ** 11
const PARTS = 2 ** 10
/** Enough for 2^53. */
const MOST = EXACT + 42 * PARTS

/** Counts of numbers, so that quantiles of any number of them take the same memory. */
export class Quantiles {
  readonly counts: Float64Array

  constructor(counts: Float64Array = new Float64Array(MOST)) {
    this.counts = counts
  }

  add(given: number): void {
    const place = placeOf(given)
    this.counts[place] = (this.counts[place] ?? 0) + 1
  }

  addAll({ counts }: Quantiles): void {
    for (let place = 0; place < MOST; place++) this.counts[place] = (this.counts[place] ?? 0) + (counts[place] ?? 0)
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  /** The nearest-rank quantile, to a part in a thousand; NaN if there are none. */
  at(share: number): number {
    const rank = Math.max(1, Math.ceil(this.total * share))
    let sum = 0
    for (let place = 0; place < MOST; place++) {
      sum += this.counts[place] ?? 0
      if (sum >= rank) return valueAt(place)
    }
    return Number.NaN
  }
}

function placeOf(given: number): number {
  if (!(given > 0)) return 0
  if (given < EXACT) return Math.floor(given)
  if (given < 2 ** 31) {
    // The same as below, without a power, for what nearly all are.
    const below = 21 - Math.clz32(given)
    return EXACT + (below - 1) * PARTS + ((given >>> below) - PARTS)
  }
  const octave = Math.floor(Math.log2(given))
  const part = Math.floor((given / 2 ** octave - 1) * PARTS)
  return Math.min(MOST - 1, EXACT + (octave - 11) * PARTS + part)
}

function valueAt(place: number): number {
  if (place < EXACT) return place
  const octave = 11 + Math.floor((place - EXACT) / PARTS)
  return Math.round(2 ** octave * (1 + (((place - EXACT) % PARTS) + 0.5) / PARTS))
}
