import type { Limit } from '../limits/race.ts'

/** The reason why a level is undecided. */
export interface Reason {
  /**
   * What would decide the level: more time or memory, a history of reads and writes only, final reads of everything
   * that changed, a more detailed record (`text` names what), or a request for this level or a different model.
   */
  readonly kind: 'time' | 'memory' | 'operations' | 'final reads' | 'record' | 'unasked'
  /** The reason in words, without a capital or a full stop: `out of time`. */
  readonly text: string
}

const limits = { time: 'out of time', memory: 'out of memory' } as const satisfies {
  readonly [limit in Limit]: string
}

/** `far` describes how far the check progressed. */
export const outOf = (limit: Limit, far?: string): Reason => ({
  kind: limit,
  text: far === undefined ? limits[limit] : `${limits[limit]}: ${far}`,
})

export const OUT_OF_TIME: Reason = outOf('time')

export const notRecorded = (text: string): Reason => ({ kind: 'record', text })

export const NOT_REQUESTED: Reason = {
  kind: 'unasked',
  text: 'not asked for, and the levels asked for do not decide it',
}

/** `other` names an operation that is neither a read nor a write. */
export const definedForRegisters = (other: string): Reason => ({
  kind: 'operations',
  text: `this level is defined for reads and writes only, and there is ${other}`,
})

/** The maximum number of keys named in a reason. */
export const MOST_NAMED = 3

/**
 * Returns a reason: either no key has a final read, or some keys have none. `keys` names some keys without a final
 * read, and `unread` counts all of them.
 */
export function noFinalRead(noun: string, keys: readonly (string | undefined)[] = [], unread: number = 0): Reason {
  if (unread === 0) return { kind: 'final reads', text: `the history has no ${noun}` }
  const named = keys.slice(0, MOST_NAMED).map((key) => key ?? 'the object without a key')
  const more = unread > MOST_NAMED ? ` and ${unread - MOST_NAMED} more keys` : ''
  return { kind: 'final reads', text: `no ${noun} of ${named.join(', ')}${more}` }
}

export const NO_FINAL_READS: Reason = noFinalRead('successful final reads')
