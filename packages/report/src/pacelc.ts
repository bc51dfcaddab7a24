import type { ComparedCell, Pacelc } from './comparison.ts'

/** Under these, live nodes cannot reach each other. */
const CUTS: readonly string[] = ['partition', 'halves', 'ring', 'isolate-leader', 'bridge', 'one-way']

export const isCut = ({ condition }: Pick<ComparedCell, 'condition'>): boolean => CUTS.includes(condition)

/** Messages are late at most: nobody is cut off, and nothing has stopped. */
const WHOLE: readonly string[] = ['calm', 'delay']

/** What it does while its nodes can reach each other. */
export const isWhole = ({ condition }: Pick<ComparedCell, 'condition'>): boolean => WHOLE.includes(condition)

/** The least share of requests that counts as available. */
export const AVAILABLE = 0.99

/** The rule as a sentence, for whoever reads the result. */
export const PACELC_RULE: string = `PA: in every run that cut nodes off from each other, at least ${AVAILABLE * 100}% of the requests to live nodes were answered without an error; PC: in some run fewer were. EC: every run without a cut, in calm or with late messages, was linearizable; EL: some of them was weaker.`

/** What a system gives up, by what was measured of it. Undefined if it was not cut, or not decided. */
export function pacelcOf(cells: readonly ComparedCell[]): Pacelc | undefined {
  const [whole, cut] = [cells.filter(isWhole), cells.filter(isCut)]
  if (whole.length === 0 || cut.length === 0) return undefined
  const isWeaker = whole.some(({ level }) => level !== 'linearizable' && level !== 'unknown')
  if (!isWeaker && whole.some(({ level }) => level === 'unknown')) return undefined
  const isAvailable = cut.every(({ availability }) => availability.least >= AVAILABLE)
  return `P${isAvailable ? 'A' : 'C'}/E${isWeaker ? 'L' : 'C'}`
}
