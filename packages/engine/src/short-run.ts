import { setFlagsFromString } from 'node:v8'

/**
 * Below this total size in bytes, a thread checks files itself: starting another thread takes some 50 ms, enough to
 * check a megabyte.
 */
export const SMALL_BYTES = 2_000_000

/**
 * Delays V8's optimising compilers, for a process that lasts a fraction of a second. In a check of ten thousand
 * operations, these compilers would take two thirds of the CPU time. Most of that time is for loops that end before
 * their compilation does. V8 still optimises code that runs for more than some tens of milliseconds. The baseline
 * compiler compiles each function immediately instead of in batches.
 */
export function optimiseLate(): void {
  for (const flag of lateOptimisation(process.versions.v8)) setFlagsFromString(flag)
}

/**
 * Returns the flags for a version of V8; none for an untested version. V8 prints an error for an unknown flag, and
 * cannot list the flags that it knows.
 */
export function lateOptimisation(v8: string): readonly string[] {
  const [major = 0, minor = 0] = v8.split('.').map(Number)
  const version = major * 100 + minor
  // V8 looks for hot functions whenever this many bytes of bytecode have run; its default is 67,584.
  if (version === NODE_20) return ['--interrupt-budget=1000000', BASELINE_AT_ONCE]
  // Since Node 21, V8 counts invocations. Maglev compiles after 400 invocations by default, and Turbofan after 3,000.
  if (version >= NODE_21 && version <= NODE_24)
    return ['--invocation-count-for-maglev=6000', '--invocation-count-for-turbofan=45000', BASELINE_AT_ONCE]
  return []
}

const BASELINE_AT_ONCE = '--no-baseline-batch-compilation'

/** The version of V8 in each line of Node, as major × 100 + minor. */
const NODE_20 = 1103
const NODE_21 = 1108
const NODE_24 = 1306
