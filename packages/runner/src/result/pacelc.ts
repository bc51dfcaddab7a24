/**
 * If there is a Partition, Availability or Consistency; Else, Latency or Consistency. D. Abadi: Consistency Tradeoffs in
 * Modern Distributed Database System Design, 2012.
 */
export type Pacelc = 'PA/EL' | 'PA/EC' | 'PC/EL' | 'PC/EC'

/** What was measured of a system under one condition, over all its runs. */
export interface MeasuredCondition {
  /** `calm`, or the fault. */
  readonly condition: string
  /** The strongest level met, in the weakest of the runs. */
  readonly level: string
  /** The share of requests to live nodes that were answered without an error, in the median of the runs. */
  readonly availability: { readonly median: number }
}

/** Whether clients see what one node would have answered that does one thing after another, in real time. */
export const isLinear = (level: string): boolean => level === 'linearizable' || level === 'strict-serializable'

/**
 * Under these, live nodes are split into sides that cannot reach each other. A ring, a bridge or a single direction leaves
 * every node in touch with a majority, or half in touch: a system may stay linearizable and available under those.
 */
const CUTS: readonly string[] = ['partition', 'halves', 'isolate-leader']

export const isCut = ({ condition }: Pick<MeasuredCondition, 'condition'>): boolean => CUTS.includes(condition)

/** Messages are late at most: nobody is cut off, and nothing has stopped. */
const WHOLE: readonly string[] = ['calm', 'delay']

/** What it does while its nodes can reach each other. */
const isWhole = ({ condition }: MeasuredCondition): boolean => WHOLE.includes(condition)

/** The least share of requests that counts as available. */
export const AVAILABLE = 0.99

/** Whether a client that is cut off gives up before the cut ends. */
export const outlasts = ({ lastsMs, timeoutMs }: Omit<Cut, 'nodes'>): boolean => lastsMs > timeoutMs

/** What decides whether a cut can be felt. */
interface Cut {
  readonly nodes: number
  readonly lastsMs: number
  readonly timeoutMs: number
}

/**
 * What a system gives up, by what was measured of it. Undefined if it was not cut, or not decided. That it stays
 * available is decided only by a cut that outlasts the clients' patience: a shorter one can be waited out.
 */
export function pacelcOf(measured: readonly MeasuredCondition[], cut: Cut): Pacelc | undefined {
  const [whole, apart] = [measured.filter(isWhole), measured.filter(isCut)]
  if (whole.length === 0 || apart.length === 0 || cut.nodes < 2) return undefined
  const isWeaker = whole.some(({ level }) => !isLinear(level) && level !== 'unknown')
  if (!isWeaker && whole.some(({ level }) => level === 'unknown')) return undefined
  const isAvailable = apart.every(({ availability }) => availability.median >= AVAILABLE)
  if (isAvailable && !outlasts(cut)) return undefined
  return `P${isAvailable ? 'A' : 'C'}/E${isWeaker ? 'L' : 'C'}`
}
