import type { ProtocolDefinition } from '@chaosproxy/protocols'
import type { SearchedProtocol } from './subject.ts'

export const NODE_COUNTS: readonly number[] = [3, 3, 5]
/** The maximum number of nodes that a search chooses. */
export const MOST_NODES_TRIED: number = Math.max(...NODE_COUNTS)

/** Returns how many nodes a trial may have: the sizes of clusters from which a search chooses. */
export const possibleNodes = (
  { impossible }: ProtocolDefinition,
  targetSettings: SearchedProtocol['targetSettings'],
): readonly number[] => NODE_COUNTS.filter((count) => impossible?.(targetSettings, count) === undefined)
