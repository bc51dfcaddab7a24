import { cellKind } from './compare-kind.ts'
import type { AnyKind } from './kind.ts'
import { guideKind, minimiseKind, seedsKind } from './search-kinds.ts'
import { shardKind } from './shard-kind.ts'

/** Every kind of job that travels. */
export const kinds: readonly AnyKind[] = [seedsKind, minimiseKind, guideKind, cellKind, shardKind]

export const kindNamed = (name: string): AnyKind | undefined => kinds.find(({ job }) => job.kind === name)
