/**
 * The memory limits of a thread that runs trials, in MB. A trial takes a few MB, and its checker at most 256. V8 aborts
 * the whole process if a thread at its limit requests more than 16 MB in one allocation, so V8's limit is far higher
 * than a trial needs. Instead, the thread is ended from outside once the process has grown by `mostTakenInCallMb`
 * during one call of user code. A larger young generation interrupts fewer trials by a collection, which must move all
 * live objects: with 64 MB (a third of the young generation), trials take a fifth less time than with the default of
 * 16.
 */
export const threadLimits = {
  mostTakenInCallMb: 1_024,
  maxOldGenerationSizeMb: 1_536,
  maxYoungGenerationSizeMb: 192,
} as const
