import type { Limit } from '../limits/race.ts'

/** Why a level is undecided. */
export interface Reason {
  /**
   * What would decide it: more time or memory, a history of reads and writes only, final reads of everything that changed, a
   * record that says more (`text` names what), or asking for the level or another model.
   */
  readonly kind: 'time' | 'memory' | 'operations' | 'final reads' | 'record' | 'unasked'
  /** In words, without a capital or a full stop: `out of time`. */
  readonly text: string
}

const limits = { time: 'out of time', memory: 'out of memory' } as const satisfies {
  readonly [limit in Limit]: string
}

/** `far` says how far the check came. */
export const outOf = (limit: Limit, far?: string): Reason => ({
  kind: limit,
  text: far === undefined ? limits[limit] : `${limits[limit]}: ${far}`,
})

export const OUT_OF_TIME: Reason = outOf('time')

/** The record, or what is known of the objects, leaves open what happened. */
export const notRecorded = (text: string): Reason => ({ kind: 'record', text })

export const UNASKED: Reason = { kind: 'unasked', text: 'not asked for, and it does not follow from what was' }

/** `other` names an operation that is neither a read nor a write. */
export const definedForRegisters = (other: string): Reason => ({
  kind: 'operations',
  text: `decided for reads and writes only, and there is ${other}`,
})

/** Keys named in a reason. */
export const MOST_NAMED = 3

/** What must be read in the end, and was not at all, or not of these keys; `unread` counts them all. */
export function noFinalRead(noun: string, keys: readonly (string | undefined)[] = [], unread: number = 0): Reason {
  if (unread === 0) return { kind: 'final reads', text: `the history has no ${noun}` }
  const named = keys.slice(0, MOST_NAMED).map((key) => key ?? 'the object without a key')
  const more = unread > MOST_NAMED ? ` and ${unread - MOST_NAMED} more keys` : ''
  return { kind: 'final reads', text: `no ${noun} of ${named.join(', ')}${more}` }
}

export const NO_FINAL_READS: Reason = noFinalRead('successful final reads')
