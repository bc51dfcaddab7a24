import { CAS, type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'

/** In `Clusters.writer`: no operation wrote the value. */
export const NO_WRITER = -1
/** In `Clusters.writer`: the value may come from several operations, or from one and the initial value. */
export const MANY_WRITERS = -2
/** In `Clusters.writer`: the value is the initial value. */
export const FROM_THE_START = -3

/** The writer of each value of one key, and when the value was certainly written. */
export interface Clusters {
  /** By value: an operation, or one of the constants above. */
  readonly writer: Int32Array
  /**
   * By value: the earliest return that proves that the value was written. This is the return of its only write, of a
   * read of it, or of a cas that replaced it. NEVER without a proof; -1 for the initial value.
   */
  readonly first: Int32Array
  /**
   * By value: the operation that returned at `first`; -1 if nothing proves that the value was written. Meaningless for
   * the initial value.
   */
  readonly firstBy: Int32Array
}

export function clustersOf(part: Encoded): Clusters {
  const { length, kind, expects, writes, returns, values, initial } = part
  const writer = new Int32Array(values).fill(NO_WRITER)
  const first = new Int32Array(values).fill(NEVER)
  const firstBy = new Int32Array(values).fill(-1)
  writer[initial] = FROM_THE_START
  const shows = (value: number, i: number): void => {
    if (returns[i] >= first[value]) return
    first[value] = returns[i]
    firstBy[value] = i
  }
  for (let i = 0; i < length; i++) {
    if (writes[i] !== NOTHING) writer[writes[i]] = writer[writes[i]] === NO_WRITER ? i : MANY_WRITERS
    if (kind[i] === READ || kind[i] === CAS) shows(expects[i], i)
  }
  for (let i = 0; i < length; i++) if (writes[i] !== NOTHING && writer[writes[i]] === i) shows(writes[i], i)
  if (writer[initial] === FROM_THE_START) first[initial] = -1
  return { writer, first, firstBy }
}

/** Reports whether a read returned a value that no operation had begun to write. */
export const isUnexplained = (part: Encoded, clusters: Clusters, read: number): boolean => {
  const writer = clusters.writer[part.expects[read]]
  return writer === NO_WRITER || (writer >= 0 && part.calls[writer] > part.returns[read])
}
