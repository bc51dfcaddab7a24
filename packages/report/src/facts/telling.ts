import { verdictOf } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { type RunSummary, strongestOf } from '@chaosproxy/runner/result'
import type { Facts } from './facts.ts'
import { type Next, nextOf } from './next.ts'
import { evidenceText } from './strength.ts'
import { type Certainty, settingsText } from './why.ts'

/**
 * How a run or a check ended. `weaker`: it kept what was expected, which is less than the strongest level, and broke that.
 * `missed`: the level is met, a requirement is not. `vacuous`: nothing was violated, and little was tried.
 */
export type Outcome = 'violated' | 'met' | 'weaker' | 'missed' | 'unknown' | 'vacuous' | 'interrupted' | 'unchecked'

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

/** What the second answer is called: `Likely why`. What nothing is wrong with was tried. */
export const nameOfWhy = ({ outcome, why }: Pick<Telling, 'outcome' | 'why'>): string =>
  outcome === 'met' || outcome === 'weaker' ? 'Tried' : why.certainty === 'likely' ? 'Likely why' : 'Why'

export interface TellingInput {
  readonly history: History
  readonly run?: RunSummary | undefined
  /** The command that repeats the run or the check. */
  readonly again?: string | undefined
}

export function tellingOf(facts: Facts, { again, ...told }: TellingInput): Telling {
  const repeats = again ?? told.run?.again
  const input = { ...told, again: repeats === '' ? undefined : repeats }
  const outcome = outcomeOf(facts, input.run)
  const { certainty, text } = whyOfOutcome(outcome, facts, input)
  return {
    outcome,
    what: facts.headline.title,
    why: { text, certainty, settings: settingsText(input.run) },
    next: nextOf(outcome, facts, input),
  }
}

function outcomeOf({ report, asked, requirements, vacuous }: Facts, run: RunSummary | undefined): Outcome {
  if (report === undefined) return run?.interrupted === true ? 'interrupted' : 'unchecked'
  const strongest = strongestOf(report)
  const { result } = verdictOf(report, asked ?? strongest)
  if (result === 'violated') return 'violated'
  if (requirements.some(({ met }) => met === false)) return 'missed'
  if (run?.interrupted === true) return 'interrupted'
  if (result === 'unknown') return 'unknown'
  if (vacuous.length > 0) return 'vacuous'
  return verdictOf(report, strongest).result === 'violated' ? 'weaker' : 'met'
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
      return { text: facts.missed.join(' '), certainty: 'shown' }
    case 'unknown':
      return { text: facts.headline.beside, certainty: 'shown' }
    case 'vacuous':
      return { text: facts.vacuous.join('; '), certainty: 'shown' }
    case 'interrupted':
      return { text: 'The run was interrupted; what was recorded until then is checked.', certainty: 'shown' }
    case 'unchecked':
      return { text: '', certainty: 'unknown' }
    case 'met':
    case 'weaker':
      return { text: evidenceText(history, run), certainty: 'shown' }
    default:
      return outcome satisfies never
  }
}
