import { setFlagsFromString } from 'node:v8'

/**
 * Below this total size the main thread checks the files itself: starting another thread takes some 50 ms, in which it
 * could check a megabyte.
 */
export const SMALL_BYTES = 2_000_000

/**
 * Delays V8's optimising compiler, for a process that lasts a fraction of a second. In a check of ten thousand
 * operations it would take two thirds of the CPU time, mostly for loops that end before their compilation does. Code
 * that runs for more than some tens of milliseconds is still optimised. The baseline compiler, in contrast, compiles
 * each function at once instead of in batches.
 */
export function optimiseLate(): void {
  // V8 looks for hot functions each time this many bytes of bytecode have run; its default is 67,584.
  setFlagsFromString('--interrupt-budget=1000000')
  setFlagsFromString('--no-baseline-batch-compilation')
}
