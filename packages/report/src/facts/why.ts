import type { TransactionStory } from '@chaosproxy/checker'
import { stopsNodes } from '@chaosproxy/faults'
import { plural } from '@chaosproxy/history'
import type { FaultSpan, RunSetup } from '@chaosproxy/runner/result'
import { printable } from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import type { SharedDatabase } from '../race/database.ts'
import { raceSentence } from '../race/race-words.ts'
import { capitalised, sentences } from '../words.ts'
import type { NearFault } from './near-faults.ts'
import type { Wire } from './wire.ts'

/** How certain a cause is. `shown`: the record shows it. `likely`: a fault was in force at that time and place. */
type Certainty = 'shown' | 'likely' | 'unknown'

export interface Why {
  readonly text: string
  readonly certainty: Certainty
}

/** What a record shows about the circumstances of its contradiction. */
export interface Circumstantial {
  readonly near: readonly NearFault[]
  /** The messages between nodes around the contradiction. */
  readonly wire: Wire | undefined
  /** A sentence about the expired lease of a lock. Empty if the lease explains nothing. */
  readonly lease: string
  /** The clock fault that may have ended a lease early. */
  readonly leaseClock: FaultSpan | undefined
  /** The race in a simulated program that explains the contradiction. */
  readonly race: Race | undefined
  readonly database: SharedDatabase | undefined
  /** The faults that were in force, ordered by start. */
  readonly spans: readonly FaultSpan[]
  readonly setup: RunSetup | undefined
}

interface Known extends Circumstantial {
  readonly story: TransactionStory | undefined
  /** The fault that `anotherFault` returns. It may have had late effects, or effects on other nodes. */
  readonly another: FaultSpan | undefined
  /** A fault in force during the contradiction. */
  readonly meanwhile: FaultSpan | undefined
}

export const NOTHING_SHOWN: Why = { text: '', certainty: 'unknown' }

export const shown = (text: string): Why => ({ text, certainty: 'shown' })

const likely = (text: string): Why => ({ text, certainty: 'likely' })

/** Returns the most certain cause in the record. A planted bug comes first: it explains the most. */
export function whyOf(known: Known): Why {
  const why = seenOf(known)
  // An expired lock goes to another client even without a bug. So do not name the planted bug if a lease expired.
  const planted = known.lease === '' ? plantedText(known.setup) : ''
  if (planted === '') return why
  const [fault] = known.near
  const isCut = fault !== undefined && (fault.kind === 'partition' || stopsNodes(fault.kind))
  const message = known.wire?.sentence ?? ''
  const adds =
    why.certainty === 'shown' ||
    (message !== '' && why.text.endsWith(message)) ||
    (isCut && fault.relation === why.text)
  return adds ? { text: sentences(planted, why.text), certainty: why.certainty } : likely(planted)
}

function seenOf({ near, wire, lease, leaseClock, race, database, story, spans, another, ...known }: Known): Why {
  const { meanwhile, setup } = known
  if (story !== undefined) return shown(story.cause)
  const databaseCause = database?.told?.cause ?? ''
  if (race !== undefined) return shown(sentences(`${raceSentence(race)}.`, databaseCause))
  const fault = near[0]?.relation ?? ''
  // A lease expires without a fault. A fault that ended before the call is therefore left out.
  if (lease !== '') return shown(sentences(lease, near[0]?.isOver === true ? '' : fault))
  if (leaseClock !== undefined)
    return likely(`A wrong clock may have ended the lock early: ${printable(leaseClock.label)}.`)
  // The race may concern other operations than the violation.
  if (databaseCause !== '') return likely(databaseCause)
  const message = wire?.sentence ?? ''
  if (wire?.hasArrived === true && near[0] !== undefined && !stopsNodes(near[0].kind))
    // The change had arrived, so the fault cannot have withheld it.
    return likely(message)
  if (message !== '')
    return {
      text: sentences(fault === '' ? unaided(wire, meanwhile) : fault, message),
      // The node received the message. This does not explain why the node ignored it.
      certainty: wire?.hasArrived === true && near[0]?.isForgetting !== true ? 'likely' : 'shown',
    }
  // The record shows that the node forgot the change. This explains the violation better than the settings of the
  // cluster.
  if (near[0]?.isForgetting === true) return shown(fault)
  const gives = weaknessText(setup)
  if (near[0]?.isTakeover === true && gives !== '') return likely(sentences(fault, gives))
  if (gives !== '') return likely(sentences(gives, fault))
  if (wire?.unclear !== undefined)
    return { text: sentences(fault, UNCLEAR[wire.unclear]), certainty: fault === '' ? 'unknown' : 'likely' }
  if (fault !== '') return likely(fault)
  if (near.length > 0 || (setup === undefined && spans.length === 0)) return NOTHING_SHOWN
  const clock = spans.find(({ kind, hits }) => kind === 'clock' && hits !== 0)
  if (clock !== undefined) return { text: afterClock(clock), certainty: 'unknown' }
  // A fault may have late effects: a message may have been sent before its receiver was back. It may also have effects
  // elsewhere: a node may have waited for another one.
  if (another !== undefined)
    return {
      text: `No fault on the involved nodes at that time explains this, but another fault may: ${another.label}.`,
      certainty: 'unknown',
    }
  return unexplained(meanwhile)
}

/** Returns the cause of a violation that no fault explains. */
export const unexplained = (meanwhile: FaultSpan | undefined): Why =>
  meanwhile === undefined
    ? likely(UNAIDED)
    : {
        text: `A fault was in force, but the record does not show whether it is the cause: ${meanwhile.label}.`,
        certainty: 'unknown',
      }

/** Returns the text for a clock fault. Its effects outlast its correction. */
const afterClock = ({ label }: FaultSpan): string =>
  `No other fault explains this, but a wrong clock may have effects after it is corrected: ${label}.`

/** The text for a violation of unknown cause. */
export const NO_CAUSE = 'The record does not show the cause.'

const UNCLEAR: { readonly [unclear in NonNullable<Wire['unclear']>]: string } = {
  'not recorded': 'Not every message was captured, so the explanation may be incomplete.',
  'not recognised': 'The missed change was not found in any message, so the explanation may be incomplete.',
}

/** The text for a violation that no fault explains. */
const UNAIDED = 'No fault explains this: the system does it by itself.'

const weaknessText = (setup: RunSetup | undefined): string =>
  setup?.weakness === undefined || setup.spec.target.bug !== undefined
    ? ''
    : `${capitalised(printable(setup.weakness))}.`

/**
 * Describes the bug that the run planted, if any: `The run planted the bug ack-early: writes are acknowledged before
 * they are on disk.`
 */
function plantedText(setup: RunSetup | undefined): string {
  const bug = setup?.spec.target.bug
  if (setup === undefined || bug === undefined) return ''
  return `The run planted the bug ${bug}${setup.weakness === undefined ? '' : `: ${printable(setup.weakness)}`}.`
}

export const settingsIn = (settings: NonNullable<RunSetup['stronger']>): readonly string[] =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`)

/** Whether the text of a cause already names the guarantee that the target's settings give up. */
const mentionsWeakness = (cause: string, setup: RunSetup): boolean => {
  const weakness = weaknessText(setup)
  return weakness !== '' && cause.includes(weakness)
}

/** Returns `UNAIDED` if a message was late although no fault was in force; otherwise an empty text. */
const unaided = (wire: Wire | undefined, meanwhile: FaultSpan | undefined): string =>
  wire?.isDelayedByItself === true && meanwhile === undefined ? UNAIDED : ''

/**
 * Returns the target's settings: `r=2, w=3, 5 nodes: r + w is 5, …`. If `isWeaknessNamed` is true, adds which guarantee
 * these settings do not give, unless `cause` already says so.
 */
export function settingsText(setup: RunSetup | undefined, isWeaknessNamed: boolean, cause: string): string {
  if (setup === undefined) return ''
  const { target, nodes } = setup.spec
  const weakness =
    setup.weakness === undefined || !isWeaknessNamed || mentionsWeakness(cause, setup)
      ? ''
      : `: ${printable(setup.weakness)}`
  const named = [
    ...(target.bug === undefined || cause.startsWith(plantedText(setup)) ? [] : [`bug ${target.bug}`]),
    ...settingsIn(target.settings),
    plural(nodes, 'node'),
  ].join(', ')
  return `${named}${weakness}`
}
