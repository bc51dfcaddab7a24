import type { TransactionStory } from '@chaosproxy/checker'
import { stopsNodes } from '@chaosproxy/faults'
import type { FaultSpan, RunSetup } from '@chaosproxy/runner/result'
import { printable } from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import type { SharedDatabase } from '../race/database.ts'
import { raceSentence } from '../race/race-words.ts'
import { capitalised } from '../words.ts'
import type { NearFault } from './near-faults.ts'
import type { Wire } from './wire.ts'

/**
 * How sure a cause is. `shown`: a message, a restart, a lease or a line of code in the record shows it. `likely`: a fault
 * was in force where and when it happened. `unknown`: the record does not say.
 */
export type Certainty = 'shown' | 'likely' | 'unknown'

export interface Why {
  /** One or more sentences; empty if nothing is known. */
  readonly text: string
  readonly certainty: Certainty
}

/** What is known of the moments in which it happened. */
export interface Known {
  /** The faults that can explain it, most telling first. */
  readonly near: readonly NearFault[]
  readonly wire?: Wire | undefined
  /** Of a lock that was for some time only: whether that had passed. Empty if that explains nothing. */
  readonly lease?: string | undefined
  /** The change of a clock that may have ended such a lock too early. */
  readonly leaseClock?: FaultSpan | undefined
  readonly race?: Race | undefined
  readonly database?: SharedDatabase | undefined
  /** Of transactions: what their cycle shows. */
  readonly story?: TransactionStory | undefined
  /** The faults that were in force at any time. */
  readonly spans: readonly FaultSpan[]
  /** A fault that hit what is concerned, but not when it happened. */
  readonly another?: FaultSpan | undefined
  readonly setup?: RunSetup | undefined
}

/**
 * The most certain cause that the record has: a line of code or a lease, then a message, then a fault. A bug that the run
 * planted comes first: no delay explains more.
 */
export function whyOf(known: Known): Why {
  const why = seenOf(known)
  // A lock that had expired needs no bug to be given to another.
  const planted = known.lease === undefined || known.lease === '' ? plantedText(known.setup) : ''
  if (planted === '') return why
  const [fault] = known.near
  const isCut = fault !== undefined && (fault.kind === 'partition' || stopsNodes(fault.kind))
  const message = known.wire?.sentence ?? ''
  const adds =
    why.certainty === 'shown' ||
    (message !== '' && why.text.endsWith(message)) ||
    (isCut && fault.relation === why.text)
  return adds
    ? { text: sentences(planted, why.text), certainty: why.certainty }
    : { text: planted, certainty: 'likely' }
}

function seenOf({ near, wire, lease = '', leaseClock, race, database, story, spans, another, setup }: Known): Why {
  if (story !== undefined) return { text: story.cause, certainty: 'shown' }
  const told = database?.told?.cause ?? ''
  if (race !== undefined) return { text: sentences(`${raceSentence(race)}.`, told), certainty: 'shown' }
  const fault = near[0]?.relation ?? ''
  // A lock expires by itself: a fault that was over by then adds nothing.
  if (lease !== '') return { text: sentences(lease, near[0]?.isOver === true ? '' : fault), certainty: 'shown' }
  if (leaseClock !== undefined)
    return { text: `A wrong clock may have ended the lock early: ${printable(leaseClock.label)}.`, certainty: 'likely' }
  // What its requests did to each other may concern other operations than these.
  if (told !== '') return { text: told, certainty: 'likely' }
  const message = wire?.sentence ?? ''
  if (wire?.hasArrived === true && near[0] !== undefined && !stopsNodes(near[0].kind))
    // A cut that had ended by then kept nothing from a node that had it.
    return { text: message, certainty: 'likely' }
  if (message !== '')
    return {
      text: sentences(fault === '' ? unaided(wire) : fault, message),
      // That it had come does not show why it was ignored.
      certainty: wire?.hasArrived === true && near[0]?.isForgetting !== true ? 'likely' : 'shown',
    }
  // A fact of the record comes before what the settings may give up.
  if (near[0]?.isForgetting === true) return { text: fault, certainty: 'shown' }
  const gives = weaknessText(setup)
  if (near[0]?.isTakeover === true && gives !== '') return { text: sentences(fault, gives), certainty: 'likely' }
  if (gives !== '') return { text: sentences(gives, fault), certainty: 'likely' }
  if (wire?.unclear !== undefined)
    return { text: sentences(fault, UNCLEAR[wire.unclear]), certainty: fault === '' ? 'unknown' : 'likely' }
  if (fault !== '') return { text: fault, certainty: 'likely' }
  if (near.length > 0 || (setup === undefined && spans.length === 0)) return { text: '', certainty: 'unknown' }
  const clock = spans.find(({ kind, hits }) => kind === 'clock' && hits !== 0)
  if (clock !== undefined) return { text: afterClock(clock), certainty: 'unknown' }
  // What broke then may show later, such as a message that was sent before its reader was back.
  if (another !== undefined)
    return {
      text: `No fault in force then explains this, but there was another: ${another.label}.`,
      certainty: 'unknown',
    }
  return { text: UNAIDED, certainty: 'likely' }
}

/** A lease or a timestamp from a wrong clock counts after the clock is right again. */
const afterClock = ({ label }: FaultSpan): string =>
  `No other fault explains this, but what a wrong clock decided may last: ${label}.`

/** Stands where nothing is known of why something was violated. */
export const NO_CAUSE = 'The record does not show why.'

const UNCLEAR: { readonly [unclear in NonNullable<Wire['unclear']>]: string } = {
  'not recorded': 'Not every message was captured, so the cause may be missing.',
  'not recognised': 'The change was not recognised in any message, so the cause may be missing.',
}

/** What is said where no fault is to blame. */
export const UNAIDED = 'No fault explains this: the system does it by itself.'

/** What the settings of the target give up. */
const weaknessText = (setup: RunSetup | undefined): string =>
  setup?.weakness === undefined || setup.spec.target.bug !== undefined
    ? ''
    : `${capitalised(printable(setup.weakness))}.`

/** `The run planted the bug ack-early: writes are acknowledged before they are on disk.` Empty if it planted none. */
function plantedText(setup: RunSetup | undefined): string {
  const bug = setup?.spec.target.bug
  if (setup === undefined || bug === undefined) return ''
  return `The run planted the bug ${bug}${setup.weakness === undefined ? '' : `: ${printable(setup.weakness)}`}.`
}

/** Whether a cause says already what the settings give up. */
const saysWeakness = (cause: string, setup: RunSetup): boolean => {
  const weakness = weaknessText(setup)
  return weakness !== '' && cause.includes(weakness)
}

/** A message that came late although no fault held it. */
const unaided = (wire: Wire | undefined): string => (wire?.isDelayedByItself === true ? UNAIDED : '')

const sentences = (...texts: readonly string[]): string => texts.filter((text) => text !== '').join(' ')

/**
 * `r=2, w=3, 5 nodes: r + w is 5, …`: what was chosen of the target and, if that is asked for, what that gives up,
 * unless the cause says that; empty if no run is known.
 */
export function settingsText(setup: RunSetup | undefined, saysWeak: boolean, cause: string = ''): string {
  if (setup === undefined) return ''
  const { target, nodes } = setup.spec
  const chosen = Object.entries(target.settings).map(([name, value]) => `${name}=${value}`)
  const weakness =
    setup.weakness === undefined || !saysWeak || saysWeakness(cause, setup) ? '' : `: ${printable(setup.weakness)}`
  const named = [
    ...(target.bug === undefined || cause.startsWith(plantedText(setup)) ? [] : [`bug ${target.bug}`]),
    ...chosen,
    `${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
  ].join(', ')
  return `${named}${weakness}`
}
