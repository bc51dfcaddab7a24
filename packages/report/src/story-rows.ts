import { adjective } from './level-words.ts'
import type { PlayedLedger, PlayedNode, Sign, StoryTelling } from './played-story.ts'

/** A step of a `StoryTelling`, with the events that occur during it. */
export interface StepGroup {
  readonly number: number
  readonly text: string
  readonly broken: string
  readonly signs: readonly Sign[]
  readonly what: string
  readonly nodes: readonly PlayedNode[]
  /** The state of the promise that the story is about: `spent $15 of $10`. Undefined if the step did not change it. */
  readonly ledger: PlayedLedger | undefined
}

/**
 * Groups the drawn events (`signs`) of a story by the step during which they occur. This may be a different step than
 * the one that lists the event.
 */
export function groupsOf({ steps }: StoryTelling): readonly StepGroup[] {
  const signs = steps
    .flatMap((step, number) => step.signs.map((sign) => ({ number, sign })))
    .sort((one, other) => one.sign.at - other.sign.at)
  const groups: (StepGroup & { readonly signs: Sign[] })[] = []
  const begin = (until: number): void => {
    for (const { what, text, breaks, nodes = [], ledger } of steps.slice(groups.length, until)) {
      const before = steps[groups.length - 1]?.ledger
      const isNew = ledger?.says !== before?.says || ledger?.broken !== before?.broken
      const own = {
        what,
        text,
        broken: breaks === undefined ? '' : `No order of the answers fits any more: not ${adjective(breaks)}.`,
        nodes,
        ledger: isNew ? ledger : undefined,
      }
      groups.push({ ...own, number: groups.length + 1, signs: [] })
    }
  }
  for (const { number, sign } of signs) {
    begin(number + 1)
    groups.at(-1)?.signs.push(sign)
  }
  begin(steps.length)
  return groups
}

/** A step of the accident beside the corresponding step of the fixed version. One of them may be missing. */
export interface PairedSteps {
  readonly accident: StepGroup | undefined
  readonly fixed: StepGroup | undefined
}

/** Aligns the steps of the accident and of the fixed version, with as many pairs of equal `what` as possible. */
export function pairedSteps(accident: readonly StepGroup[], fixed: readonly StepGroup[]): readonly PairedSteps[] {
  const most: number[][] = Array.from({ length: accident.length + 1 }, () => Array(fixed.length + 1).fill(0))
  const at = (i: number, j: number): number => most[i]?.[j] ?? 0
  for (let i = accident.length - 1; i >= 0; i--)
    for (let j = fixed.length - 1; j >= 0; j--) {
      const row = most[i]
      if (row !== undefined)
        row[j] = accident[i]?.what === fixed[j]?.what ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  const rows: PairedSteps[] = []
  let [i, j] = [0, 0]
  while (i < accident.length || j < fixed.length) {
    const [one, other] = [accident[i], fixed[j]]
    if (one !== undefined && one.what === other?.what) {
      rows.push({ accident: one, fixed: other })
      i++
      j++
    } else if (other === undefined || (one !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      rows.push({ accident: one, fixed: undefined })
      i++
    } else {
      rows.push({ accident: undefined, fixed: other })
      j++
    }
  }
  return rows
}
