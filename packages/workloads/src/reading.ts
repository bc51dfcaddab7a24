import type { Input } from '@chaosproxy/history'
import { type Setting, shareSetting } from './setting.ts'

/**
 * By rank of a client (see `Clients`): how often the client reads, relative to the average. A node in a partition stops
 * answering reads earlier than writes. Some clients mostly write, so that unanswered reads do not hold up their writes.
 */
const WEIGHTS = [0.2, 1, 1.8, 1]

/**
 * Clients of `EVEN_RANK` read exactly the configured share, those of `WRITING_RANK` mostly write, and those of
 * `READING_RANK` mostly read.
 */
export const EVEN_RANK = 1
export const WRITING_RANK = 0
export const READING_RANK = 2

export const readsSetting: Setting = {
  ...shareSetting('reads', 0.5, 'share of operations that read; some clients read more, others less'),
  worthTrying: [0.3, 0.5, 0.7],
}

/**
 * Returns the probability that an operation of a client is a read. `rank` is the client's rank (see `WEIGHTS`). If
 * `share` is 1, every client only reads.
 */
export const readShare = (share: number, rank: number): number =>
  share === 1 ? 1 : share * (WEIGHTS[rank % WEIGHTS.length] ?? 1)

export const readOf = (key: string): Input => ({ f: 'read', key, value: null })

export const readAll = (keys: readonly string[]): readonly Input[] => keys.map(readOf)
