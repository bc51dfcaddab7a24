import { setFlagsFromString } from 'node:v8'

/**
 * Files of fewer bytes together are checked by the thread that is there: starting another takes some 50 ms, in which it
 * checks a megabyte.
 */
export const SMALL_BYTES = 2_000_000

/**
 * Puts off optimising compilation, for a process that is over in a fraction of a second: of a check of ten thousand
 * operations it would take two thirds of the CPU time, most of it for loops that end before it does. Whatever runs for
 * longer than some tens of milliseconds is optimised nevertheless. Simple machine code, on the other hand, is to be had for
 * each function at once, and not only when there are several to be compiled together.
 */
export function optimiseLate(): void {
  // In bytes of bytecode run; V8 looks at what is hot after each so many. Usually 67,584.
  setFlagsFromString('--interrupt-budget=1000000')
  setFlagsFromString('--no-baseline-batch-compilation')
}
