import type { Claim } from '../claims/claim.ts'
import type { Despite } from '../level-words.ts'
import type { SheetInput } from '../sheets/sheet.ts'

/** What a broken promise cost users, in their words. */
export interface Loss {
  /** The loss as a title: `106 acknowledged messages were lost`. Operations of unknown outcome are not counted. */
  readonly title: string
  /** The claim of the title, in a form that can be checked against the record; absent if it cannot be checked. */
  readonly claim?: Claim
  /** The level whose counterexample shows the loss, if the page is about another level. */
  readonly level?: string
  /** A level that is met, although the title seems to contradict it. */
  readonly despite?: Despite
}

/** Returns a loss of one kind; undefined if the violation shows no loss of this kind. */
export type FindLoss = (input: SheetInput) => Loss | undefined
