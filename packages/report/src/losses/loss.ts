import type { Claim } from '../claims/claim.ts'
import type { Despite } from '../level-words.ts'
import type { Shown } from '../sheets/sheet.ts'

/** What a broken promise cost, in the words of those who use the object. */
export interface Loss {
  /** `106 acknowledged messages were lost`. It follows from the record: an operation of unknown outcome counts for nothing. */
  readonly title: string
  /** What the title asserts, where it is one of the kinds that are held against the record. */
  readonly claim?: Claim
  /** The level whose counterexample shows it, if that is not the one that the page is about. */
  readonly level?: string
  /** A level whose name seems to deny the title, and why both are true if it is met. */
  readonly despite?: Despite
}

/** Undefined if it is not this that was lost. */
export type FindLoss = (input: Shown) => Loss | undefined
