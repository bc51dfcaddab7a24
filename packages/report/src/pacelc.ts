import type { ComparedCell, Pacelc } from './comparison.ts'

/**
 * Under these, live nodes are split into sides that cannot reach each other. A ring, a bridge or a single direction leaves
 * every node in touch with a majority, or half in touch: a system may stay linearizable and available under those.
 */
const CUTS: readonly string[] = ['partition', 'halves', 'isolate-leader']

export const isCut = ({ condition }: Pick<ComparedCell, 'condition'>): boolean => CUTS.includes(condition)

/** Messages are late at most: nobody is cut off, and nothing has stopped. */
const WHOLE: readonly string[] = ['calm', 'delay']

/** What it does while its nodes can reach each other. */
export const isWhole = ({ condition }: Pick<ComparedCell, 'condition'>): boolean => WHOLE.includes(condition)

/** The least share of requests that counts as available. */
export const AVAILABLE = 0.99

/** Whether a client that is cut off gives up before the cut ends. */
export const outlasts = ({ lastsMs, timeoutMs }: Omit<Cut, 'nodes'>): boolean => lastsMs > timeoutMs

/** The rule as a sentence, printed with the result. */
export const PACELC_RULE: string = `PA: in every run that cut nodes off from each other, at least ${AVAILABLE * 100}% of the requests to live nodes were answered without an error; PC: in some run fewer were. EC: every run without a cut, in calm or with late messages, was linearizable; EL: some of them was weaker.`

/** What decides whether a cut can be felt. */
export interface Cut {
  readonly nodes: number
  readonly lastsMs: number
  /** How long clients wait for an answer. */
  readonly timeoutMs: number
}

/**
 * What a system gives up, by what was measured of it. Undefined if it was not cut, or not decided. That it stays
 * available is decided only by a cut that outlasts the clients' patience: a shorter one can be waited out.
 */
export function pacelcOf(cells: readonly ComparedCell[], cut: Cut): Pacelc | undefined {
  const [whole, apart] = [cells.filter(isWhole), cells.filter(isCut)]
  if (whole.length === 0 || apart.length === 0 || cut.nodes < 2) return undefined
  const isWeaker = whole.some(({ level }) => level !== 'linearizable' && level !== 'unknown')
  if (!isWeaker && whole.some(({ level }) => level === 'unknown')) return undefined
  const isAvailable = apart.every(({ availability }) => availability.least >= AVAILABLE)
  if (isAvailable && !outlasts(cut)) return undefined
  return `P${isAvailable ? 'A' : 'C'}/E${isWeaker ? 'L' : 'C'}`
}
