/**
 * Memory of a thread that runs trials, in MB. A trial takes a few MB, and its checker at most 256. V8 aborts the whole
 * process if a thread at its limit asks for more than 16 MB at once. So the thread is ended from outside once the
 * process has grown by `mostTakenInCallMb` during one call of a user's code, and V8's limit is far beyond. A trial also
 * makes several MB of garbage: with a larger young generation, fewer trials are interrupted by a collection, which has
 * to move everything still in use. At 64 MB (a third of the young generation) trials take a fifth less time than at the
 * usual 16.
 */
export const threadLimits = {
  mostTakenInCallMb: 1_024,
  maxOldGenerationSizeMb: 1_536,
  maxYoungGenerationSizeMb: 192,
} as const
