/**
 * The PACELC class: under a Partition, Availability or Consistency; Else, Latency or Consistency. D. Abadi: Consistency
 * Tradeoffs in Modern Distributed Database System Design, 2012.
 */
export type Pacelc = 'PA/EL' | 'PA/EC' | 'PC/EL' | 'PC/EC'

/** The measurements of a system under one condition. */
interface MeasuredCondition {
  readonly condition: string
  /** The strongest level that the run with the worst result met. */
  readonly level: string
  /** The share of requests to live nodes that were answered without an error. */
  readonly availability: { readonly median: number }
}

/** Whether a system that meets this level behaves like a single node that keeps the real-time order of operations. */
export const isLinear = (level: string): boolean => level === 'linearizable' || level === 'strict-serializable'

/**
 * The faults that split live nodes into two sides. Other partitions (a ring, a bridge, a single direction) do not
 * count, because a system may stay linearizable and available under them.
 */
const CUTS: readonly string[] = ['partition', 'halves', 'isolate-leader']

export const isCut = ({ condition }: Pick<MeasuredCondition, 'condition'>): boolean => CUTS.includes(condition)

/** Conditions under which all nodes run and are connected, although messages may be late. */
const WHOLE: readonly string[] = ['calm', 'delay']

const isWhole = ({ condition }: MeasuredCondition): boolean => WHOLE.includes(condition)

/** Minimum share of answered requests that counts as available. */
export const AVAILABLE = 0.99

/** Whether a partitioned client times out before the partition ends. */
export const outlasts = ({ lastsMs, timeoutMs }: Omit<Cut, 'nodes'>): boolean => lastsMs > timeoutMs

/** The numbers that decide whether clients notice a partition. */
interface Cut {
  readonly nodes: number
  readonly lastsMs: number
  readonly timeoutMs: number
}

/**
 * Returns the PACELC class of a system. Undefined if the measurements leave it undecided. A partition shorter than the
 * clients' timeout does not show availability, because clients can wait for its end.
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
