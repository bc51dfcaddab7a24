import type { Input } from '@chaosproxy/history'
import type { Setting } from './setting.ts'

/**
 * By rank: at every node one client mostly writes, one does both, one mostly reads, and so on. A partitioned node stops
 * answering reads before it stops taking writes, which would block a client that does both.
 */
const WEIGHTS = [0.2, 1, 1.8, 1]

/** The rank whose clients read exactly the share in the setting; those whose clients hardly read, and mostly. */
export const EVEN_RANK = 1
export const WRITING_RANK = 0
export const READING_RANK = 2

export const readsSetting: Setting = {
  name: 'reads',
  summary: 'share of operations that read; some clients read more, others less',
  default: 0.5,
  min: 0,
  max: 1,
  fraction: true,
  worthTrying: [0.3, 0.5, 0.7],
}

/** The probability that the next operation of a client of this rank is a read. Where all are to be reads, all are. */
export const readShare = (share: number, rank: number): number =>
  share === 1 ? 1 : share * (WEIGHTS[rank % WEIGHTS.length] ?? 1)

export const readOf = (key: string): Input => ({ f: 'read', key, value: null })

/** Each object read once, as most finales have it. */
export const readAll = (keys: readonly string[]): readonly Input[] => keys.map(readOf)
