/** A value as a table key: numbers are themselves, all others their canonical text. */
export type ElementName = number | string

/** That an element comes in, or goes: by one operation, or by several that ask for the same. */
export interface Change {
  readonly element: Element
  /** Whether the element is in afterwards. */
  readonly to: boolean
  /** Calls of its operations, but for those that failed. */
  calls: number[]
  /** It may have been so from the start, by no operation. */
  mayBeFirst: boolean
  /** The latest call of what comes before it in any order; the earliest return of what comes after it. */
  after: number
  before: number
  /** Its place among the changes that reads have seen; infinite until one has. */
  rank: number
  /** Whether it was observed. */
  isSeen: boolean
  /** Whether it was unclear of some read if it saw it: then its rank says nothing. */
  isSkipped: boolean
  /** Operations in flight, acknowledged, and of unknown outcome. */
  open: number
  done: number
  unknown: number
  /** Whether it is over: nothing in flight can come before it any more. */
  isSettled: boolean
}

export interface Element {
  readonly name: ElementName
  /** Whether it was in before the changes. */
  isIn: boolean
  /** What may still be on its way, one certainly after the other. */
  changes: Change[]
  /** Operations in flight that change nothing as things are. */
  idle: number
  /** Whether an operation of unknown outcome may change it back at any time. */
  isHaunted: boolean
  /** For one that is not judged: operations in flight, and since when there were none. */
  loose: { open: number; since: number } | undefined
}

/** When it may have happened first. */
export const callOf = ({ calls, mayBeFirst }: Change): number =>
  mayBeFirst ? Number.NEGATIVE_INFINITY : (calls[0] ?? Number.POSITIVE_INFINITY)

/** Whether it has time to happen. */
export const hasTime = (change: Change): boolean => Math.max(callOf(change), change.after) < change.before

/** Whether operations of unknown outcome are left over, which may take effect at any later time. */
export const isLeftOver = ({ unknown, done, mayBeFirst }: Change): boolean =>
  unknown > (done === 0 && !mayBeFirst ? 1 : 0)
