import type { Claim } from '../claims/claim.ts'
import type { Despite } from '../level-words.ts'
import type { Shown } from '../sheets/sheet.ts'

/** The cost of a broken promise, in the words of the users of the object. */
export interface Loss {
  /**
   * The loss as a title: `106 acknowledged messages were lost`. It follows from the record alone: operations of unknown
   * outcome are not counted.
   */
  readonly title: string
  /** The claim in the title, if it is of a kind that is checked against the record. */
  readonly claim?: Claim
  /** The level whose counterexample shows the loss, if it differs from the level that the page is about. */
  readonly level?: string
  /** A level whose name seems to contradict the title, and why it is met nevertheless. */
  readonly despite?: Despite
}

/** Finds one kind of loss; returns undefined if the violation is of another kind. */
export type FindLoss = (input: Shown) => Loss | undefined
