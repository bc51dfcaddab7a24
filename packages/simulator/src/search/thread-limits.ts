/**
 * Memory of a thread that runs trials, in MB. A trial takes a few MB, and its checker at most 256. A trial also makes
 * several MB of garbage: with a larger young generation, fewer trials are interrupted by a collection, which has to
 * move everything still in use. At 64 MB (a third of the young generation) trials take a fifth less time than at the
 * usual 16.
 */
export const threadLimits = { maxOldGenerationSizeMb: 640, maxYoungGenerationSizeMb: 192 } as const
