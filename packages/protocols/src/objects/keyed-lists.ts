import type { Json } from '@chaosproxy/history'
import { loadPairs, type ReplicatedObject } from './object.ts'

export type KeyedLists = Map<string, Json[]>

/** How an object keeps a list for each key. */
export const keyedLists: Pick<ReplicatedObject<KeyedLists>, 'initial' | 'save' | 'load'> = {
  initial: () => new Map(),
  save: (lists) => [...lists].map(([key, elements]) => [key, [...elements]]),
  load: (saved) => loadPairs(saved, (elements) => [...(elements as Json[])]),
}
