import { adjective } from './level-words.ts'
import type { Sign, StoryTelling } from './told-story.ts'

/** A step of a telling with the signs that fall after it begins and before the next does. */
export interface ToldGroup {
  readonly number: number
  readonly text: string
  /** What is broken from here on: `not linearizable`; empty if nothing is. */
  readonly broken: string
  readonly signs: readonly Sign[]
}

/** The signs of all steps in order of time: what ends during a later step is shown there. */
export function groupsOf({ steps }: StoryTelling): readonly ToldGroup[] {
  const signs = steps
    .flatMap((step, number) => step.signs.map((sign) => ({ number, sign })))
    .sort((one, other) => one.sign.at - other.sign.at)
  const groups: (ToldGroup & { readonly signs: Sign[] })[] = []
  const begin = (until: number): void => {
    for (const { text, breaks } of steps.slice(groups.length, until))
      groups.push({ number: groups.length + 1, text, broken: brokenText(breaks), signs: [] })
  }
  for (const { number, sign } of signs) {
    begin(number + 1)
    groups.at(-1)?.signs.push(sign)
  }
  begin(steps.length)
  return groups
}

const brokenText = (level: string | undefined): string =>
  level === undefined ? '' : `No order of the answers fits any more: not ${adjective(level)}.`
