/**
 * Memory of a thread that runs trials, in MB. A trial takes a few, and its checker at most 256. A trial also makes several MB
 * that are of no use after it: the more of them fit, the fewer trials are cut through by a collection, which would move
 * all that the trial still needs. At 64 MB to fill (a third of the young generation) trials take a fifth less time than at
 * the usual 16.
 */
export const threadLimits = { maxOldGenerationSizeMb: 640, maxYoungGenerationSizeMb: 192 } as const
