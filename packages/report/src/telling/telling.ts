import type { Facts } from '../facts/facts.ts'
import { type Certainty, NO_CAUSE, settingsText, UNAIDED } from '../facts/why.ts'
import { type Next, nextOf } from './next.ts'
import { type Outcome, outcomeOf, type TellingInput } from './outcome.ts'
import { costText, evidenceText } from './strength.ts'

/** What happened, why, and what to do next: every screen shows these three. */
export interface Telling {
  readonly outcome: Outcome
  /** What users lost, or the verdict: `106 acknowledged messages were lost`. */
  readonly what: string
  /** The mechanism of a violation; otherwise what the verdict rests on. */
  readonly why: {
    readonly text: string
    readonly certainty: Certainty
    /** What was chosen of the target: `r=2, w=3, 5 nodes`; empty if that is not known. */
    readonly settings: string
  }
  readonly next: Next
}

/** What the second answer is called: `Likely why`, unless it names no cause. What nothing is wrong with was tried. */
function nameOfWhy({ outcome, why }: Pick<Telling, 'outcome' | 'why'>): string {
  if (outcome === 'met' || outcome === 'weaker') return 'Tried'
  return why.certainty === 'likely' && why.text !== UNAIDED ? 'Likely why' : 'Why'
}

/** The answers below the title, each with its name. */
export function answersOf(telling: Pick<Telling, 'outcome' | 'why' | 'next'>): readonly (readonly [string, string])[] {
  const { outcome, why, next } = telling
  const cause = why.text === '' && outcome === 'violated' ? NO_CAUSE : why.text
  return [...(cause === '' ? [] : [[nameOfWhy(telling), cause] as const]), ['Next', next.text]]
}

export function tellingOf(facts: Facts, { again, ...told }: TellingInput): Telling {
  const repeats = again ?? told.run?.again
  const input = { ...told, again: repeats === '' ? undefined : repeats }
  const outcome = outcomeOf(facts, input.run)
  const { certainty, text } = whyOfOutcome(outcome, facts, input)
  const hasBug = facts.setup?.spec.target.bug !== undefined
  const saysWeak =
    outcome === 'weaker' || (outcome === 'violated' && !hasBug && facts.lease === '' && facts.leaseClock === undefined)
  return {
    outcome,
    what: facts.headline.title,
    why: { text, certainty, settings: settingsText(facts.setup, saysWeak, text) },
    next: nextOf(outcome, facts, input),
  }
}

function whyOfOutcome(
  outcome: Outcome,
  facts: Facts,
  { history, run }: TellingInput,
): { readonly text: string; readonly certainty: Certainty } {
  switch (outcome) {
    case 'violated':
      return facts.why
    case 'missed':
      return { text: [`${facts.missed.join('; ')}.`, costText(run?.phases ?? [])].join(' ').trim(), certainty: 'shown' }
    case 'unknown':
      return { text: facts.headline.beside || facts.missed.join(' '), certainty: 'shown' }
    case 'vacuous':
      return { text: facts.vacuous.join('; '), certainty: 'shown' }
    case 'interrupted':
      return { text: 'The run was interrupted; what was recorded until then is checked.', certainty: 'shown' }
    case 'unchecked':
      return { text: '', certainty: 'unknown' }
    case 'met':
    case 'weaker':
      return { text: evidenceText(history, run, facts.report?.transactions?.assumed), certainty: 'shown' }
    default:
      return outcome satisfies never
  }
}
