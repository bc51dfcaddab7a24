import { setFlagsFromString } from 'node:v8'

/**
 * Below this size, a thread checks files itself. Starting another thread takes some 50 ms, and in this time a thread
 * checks a megabyte.
 */
export const SMALL_BYTES = 2_000_000

/**
 * Delays V8's optimising compilers, for a process that lasts a fraction of a second. In a check of ten thousand
 * operations, the compilers would take two thirds of the CPU time, mostly to optimise loops that end too early to
 * benefit.
 */
export function optimiseLate(): void {
  for (const flag of lateOptimisation(process.versions.v8)) setFlagsFromString(flag)
}

/**
 * Returns the flags for a version of V8. Returns none for an untested version, because V8 prints an error for unknown
 * flags.
 */
export function lateOptimisation(v8: string): readonly string[] {
  const [major = 0, minor = 0] = v8.split('.').map(Number)
  const version = major * 100 + minor
  // V8 considers optimising a function after the function has run this much bytecode. The default is 67,584 bytes.
  if (version === NODE_20) return ['--interrupt-budget=1000000', BASELINE_AT_ONCE]
  // Since Node 21, V8 counts invocations; by default, Maglev compiles after 400 and Turbofan after 3,000.
  if (version >= NODE_21 && version <= NODE_24)
    return ['--invocation-count-for-maglev=6000', '--invocation-count-for-turbofan=45000', BASELINE_AT_ONCE]
  return []
}

const BASELINE_AT_ONCE = '--no-baseline-batch-compilation'

/** Versions of V8 in Node, as major × 100 + minor. */
const NODE_20 = 1103
const NODE_21 = 1108
const NODE_24 = 1306
