import type { Claim } from '../claims/claim.ts'
import type { Despite } from '../level-words.ts'
import type { Shown } from '../sheets/sheet.ts'

/** What a broken promise cost, in the words of the object's users. */
export interface Loss {
  /** The loss as a title: `106 acknowledged messages were lost`. Operations of unknown outcome are not counted. */
  readonly title: string
  /** The claim of the title, if it can be checked against the record. */
  readonly claim?: Claim
  /** The level whose counterexample shows the loss, if it is not the page's. */
  readonly level?: string
  /** A level that is met although its name contradicts the title. */
  readonly despite?: Despite
}

/** Finds one kind of loss, if the violation is of this kind. */
export type FindLoss = (input: Shown) => Loss | undefined
