import { shardKind } from '../check/queue-kind.ts'
import { cellKind } from '../compare/queue-kind.ts'
import type { AnyKind } from '../queue/kind.ts'
import { searchKinds } from '../search/queue-kinds.ts'

/** Every kind of job that can be sent to workers. */
export const kinds: readonly AnyKind[] = [...searchKinds, cellKind, shardKind]
