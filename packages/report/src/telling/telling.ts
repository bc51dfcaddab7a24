import { faultName } from '@chaosproxy/faults'
import { count, duration, type History, operationsIn, plural } from '@chaosproxy/history'
import type { RunSummary } from '@chaosproxy/runner/result'
import { type Facts, requestedResult } from '../facts/facts.ts'
import { NO_CAUSE, NOTHING_SHOWN, settingsText, shown, type Why } from '../facts/why.ts'
import { severalOf } from '../fault-labels.ts'
import { answeredIn, underFaults } from '../measured-words.ts'
import { nameText } from '../operation-words.ts'
import { listed, sentences, shareOf } from '../words.ts'
import { type Next, nextOf } from './next.ts'
import { onlyNode } from './only-node.ts'
import { type Outcome, outcomeOf, type TellingInput } from './outcome.ts'

/** The three answers that every screen shows: what happened, why, and what to do next. */
export interface Telling {
  readonly outcome: Outcome
  /** What users lost, or the verdict: `106 acknowledged messages were lost`. */
  readonly what: string
  /** The mechanism of a violation, or the evidence for another verdict. */
  readonly why: Why & {
    /** The settings of the target: `r=2, w=3, 5 nodes`; empty if unknown. */
    readonly settings: string
  }
  readonly next: Next
}

/** Returns the heading of the answer `why`. */
function nameOfWhy({ outcome, why }: Pick<Telling, 'outcome' | 'why'>): string {
  if (outcome === 'met' || outcome === 'weaker') return 'Tried'
  return why.certainty === 'likely' ? 'Likely why' : 'Why'
}

export function answersOf(telling: Pick<Telling, 'outcome' | 'why' | 'next'>): readonly (readonly [string, string])[] {
  const { outcome, why, next } = telling
  const cause = why.text === '' && outcome === 'violated' ? NO_CAUSE : why.text
  const answers = [[nameOfWhy(telling), cause] as const, ['Next', next.text] as const]
  return answers.filter(([, text]) => text !== '')
}

export function tellingOf(facts: Facts, { again, ...given }: TellingInput): Telling {
  const repeats = again ?? given.run?.again
  const input = { ...given, again: repeats === '' ? undefined : repeats }
  const outcome = outcomeOf(facts, input.run)
  const { certainty, text } = whyOfOutcome(outcome, facts, input)
  const hasBug = facts.setup?.spec.target.bug !== undefined
  const isWeaknessNamed =
    outcome === 'weaker' || (outcome === 'violated' && !hasBug && facts.lease === '' && facts.leaseClock === undefined)
  return {
    outcome,
    what: facts.headline.title,
    why: { text, certainty, settings: settingsText(facts.setup, isWeaknessNamed, text) },
    next: nextOf(outcome, facts, input),
  }
}

function whyOfOutcome(outcome: Outcome, facts: Facts, { history, run }: TellingInput): Why {
  switch (outcome) {
    case 'violated':
      return facts.why
    case 'missed':
      return shown([`${facts.missed.join('; ')}.`, costText(facts, run)].join(' ').trim())
    case 'unknown':
      return shown(
        facts.report !== undefined && requestedResult(facts.report, facts.requestedLevel) === 'unknown'
          ? facts.headline.beside
          : `${facts.missed.join('; ')}.`,
      )
    case 'vacuous':
      return shown(facts.vacuous.join('; '))
    case 'interrupted':
      return shown('The run was interrupted; what was recorded until then is checked.')
    case 'unchecked':
      return NOTHING_SHOWN
    case 'met':
    case 'weaker':
      return shown(evidenceText(history, run, facts))
    default:
      return outcome satisfies never
  }
}

/** Says how much was tried, and how the faults affected clients. */
function evidenceText(history: History, run: RunSummary | undefined, facts: Facts): string {
  const granted = facts.report?.transactions?.assumed ?? []
  const number = operationsIn(history)
  const operations = plural(number, 'operation')
  const rests = granted.length === 0 ? '' : ` The verdict takes for granted: ${granted.join(', ')}.`
  if (run === undefined) return `${operations} ${number === 1 ? 'was' : 'were'} judged.${rests}`
  const faults = listed(faultsIn(run))
  const tried = `${operations}${onlyNodeText(history, run.spec.nodes)} with ${faults === '' ? 'no fault' : faults}, 1 seed.`
  return sentences(tried, costText(facts, run), stalenessText(run))
}

/** Names the only node that answered: `, answered by n1 alone,`; empty if others answered as well. */
function onlyNodeText(history: History, among: number): string {
  const name = onlyNode(history, among)
  return name === undefined ? '' : `, answered by ${nameText(name)} alone,`
}

function faultsIn({ faults }: RunSummary): readonly string[] {
  const counts = new Map<string, number>()
  for (const { fault, hits, skipped } of faults)
    if (hits > 0 && skipped === undefined) counts.set(faultName(fault), (counts.get(faultName(fault)) ?? 0) + 1)
  return [...counts].map(([name, times]) => plural(times, name, severalOf(name)))
}

/** Describes the stale reads: `82 reads were stale.` */
function stalenessText({ phases, convergedAfterHealNanos: converged }: RunSummary): string {
  const stale = phases.reduce((sum, { staleReads = 0 }) => sum + staleReads, 0)
  if (stale === 0) return ''
  const agreed = converged === undefined ? '' : `; ${duration(converged)} after healing, all nodes agreed`
  return `${plural(stale, 'read')} returned a value that had been replaced${agreed}.`
}

/** Describes what the faults cost clients: unanswered requests, and the slowest recovery. */
function costText({ may }: Facts, run: RunSummary | undefined): string {
  const { phases, faults } = run ?? { phases: [], faults: [] }
  const { requested, answered } = answeredIn(underFaults(phases))
  if (requested === 0) return ''
  const recoveries = faults.map(({ hits, recoveryNanos = 0 }) => (hits > 0 ? recoveryNanos : 0))
  const slowest = recoveries.reduce((most, each) => Math.max(most, each), 0)
  const isAnswered = faults.every(
    ({ hits, skipped, recoveryNanos }) => hits === 0 || skipped !== undefined || recoveryNanos !== undefined,
  )
  const isKnown = slowest > 0 && isAnswered && may({ claim: 'slowest recovery', nanos: slowest })
  const recovery = !isKnown ? '' : ` After each fault began, the next answer came within ${duration(slowest)}.`
  const share = answered === 0 ? `none of ${count(requested)}` : shareOf(answered / requested, requested)
  return `Under faults ${share} operations were answered without an error.${recovery}`
}
