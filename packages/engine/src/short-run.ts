import { setFlagsFromString } from 'node:v8'

/**
 * Below this total size a thread checks files itself: starting another takes some 50 ms, in which it could check a
 * megabyte.
 */
export const SMALL_BYTES = 2_000_000

/**
 * Delays V8's optimising compilers, for a process that lasts a fraction of a second. In a check of ten thousand
 * operations they would take two thirds of the CPU time, mostly for loops that end before their compilation does. Code
 * that runs for more than some tens of milliseconds is still optimised. The baseline compiler, in contrast, compiles
 * each function at once instead of in batches.
 */
export function optimiseLate(): void {
  for (const flag of lateOptimisation(process.versions.v8)) setFlagsFromString(flag)
}

/**
 * The flags for a version of V8: none for one that nobody has tried, since V8 prints an error for a flag that it does
 * not know and offers no way to ask first.
 */
export function lateOptimisation(v8: string): readonly string[] {
  const [major = 0, minor = 0] = v8.split('.').map(Number)
  const version = major * 100 + minor
  // V8 looks for hot functions each time this many bytes of bytecode have run; its default is 67,584.
  if (version === NODE_20) return ['--interrupt-budget=1000000', BASELINE_AT_ONCE]
  // Since then it counts invocations, by default 400 and 3,000.
  if (version >= NODE_21 && version <= NODE_24)
    return ['--invocation-count-for-maglev=6000', '--invocation-count-for-turbofan=45000', BASELINE_AT_ONCE]
  return []
}

const BASELINE_AT_ONCE = '--no-baseline-batch-compilation'

/** Versions of V8 by the line of Node that has them, as major × 100 + minor. */
const NODE_20 = 1103
const NODE_21 = 1108
const NODE_24 = 1306
