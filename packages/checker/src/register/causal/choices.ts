import type { Budget } from '../../limits/budget.ts'
import type { Choices } from '../sequential/choices.ts'
import { NO_READ } from '../sequential/reads-from.ts'

export type Chosen =
  | { readonly result: 'met'; readonly writerOf: Int32Array }
  | { readonly result: 'violated' }
  | { readonly result: 'unknown' }

/**
 * Searches for sources of all reads (or of the given ones) that satisfy `holds`, deciding one read at a time. `holds`
 * is also asked about partial choices, in which undecided reads are NO_READ: if it refuses one, it must refuse all its
 * completions. `steps` bounds how often it is asked.
 */
export function choose(
  choices: Pick<Choices, 'reads' | 'candidates'>,
  writerOf: Int32Array,
  holds: (complete: boolean) => boolean,
  budget: Budget,
  steps: { left: number },
): Chosen['result'] {
  const { reads, candidates } = choices
  const open: number[] = []
  for (let n = 0; n < reads.length; n++) {
    if (candidates[n].length === 0) return 'violated'
    if (candidates[n].length === 1) writerOf[reads[n]] = candidates[n][0]
    else {
      writerOf[reads[n]] = NO_READ
      open.push(n)
    }
  }
  if (!holds(open.length === 0)) return 'violated'
  if (open.length > steps.left) return 'unknown'
  const next = new Int32Array(open.length + 1)
  for (let depth = 0; depth < open.length; ) {
    if (steps.left-- <= 0 || budget.expired(reads.length)) return 'unknown'
    const n = open[depth]
    if (next[depth] === candidates[n].length) {
      writerOf[reads[n]] = NO_READ
      next[depth] = 0
      if (depth-- === 0) return 'violated'
      continue
    }
    writerOf[reads[n]] = candidates[n][next[depth]++]
    if (holds(depth === open.length - 1)) depth++
  }
  return 'met'
}
