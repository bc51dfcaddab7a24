/**
 * The memory limits of a thread that runs trials, in MB. A trial takes a few MB, and its checker at most 256 MB. V8
 * aborts the whole process if a thread at its limit requests more than 16 MB at once, so V8's limit is far higher than
 * a trial needs. Instead, the thread is ended from outside once the process has grown by `mostTakenInCallMb` during one
 * call of user code. A young generation of 192 MB has semi-spaces of 64 MB; V8's default is 16 MB. With the larger
 * spaces, garbage collection interrupts fewer trials, and trials take a fifth less time.
 */
export const threadLimits = {
  mostTakenInCallMb: 1_024,
  maxOldGenerationSizeMb: 1_536,
  maxYoungGenerationSizeMb: 192,
} as const
