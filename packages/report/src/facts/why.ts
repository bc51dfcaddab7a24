import type { Counterexample } from '@chaosproxy/checker'
import { stopsNodes } from '@chaosproxy/faults'
import type { FaultSpan, RunSummary } from '@chaosproxy/runner/result'
import { printable } from '../operation-words.ts'
import type { Race } from '../race/code-run.ts'
import { raceSentence } from '../race/race-words.ts'
import type { NearFault } from './near-faults.ts'
import type { Wire } from './wire.ts'

/**
 * How sure a cause is. `shown`: a message, a restart, a lease or a line of code in the record shows it. `likely`: a fault
 * was in force where and when it happened. `unknown`: the record does not say.
 */
export type Certainty = 'shown' | 'likely' | 'unknown'

/** Why something was violated. */
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
  readonly race?: Race | undefined
  /** Of transactions: what their cycle shows. */
  readonly anomaly?: KnownCause | undefined
  /** The faults that were in force at any time. */
  readonly spans: readonly FaultSpan[]
  readonly run?: RunSummary | undefined
}

/** The most certain cause that the record has: a line of code or a lease, then a message, then a fault. */
export function whyOf({ near, wire, lease = '', race, anomaly, spans, run }: Known): Why {
  if (anomaly !== undefined) return { text: anomaly.cause, certainty: 'shown' }
  if (race !== undefined) return { text: `${raceSentence(race)}.`, certainty: 'shown' }
  const fault = near[0]?.relation ?? ''
  // A lock expires by itself: a fault that was over by then adds nothing.
  if (lease !== '') return { text: sentences(lease, near[0]?.isOver === true ? '' : fault), certainty: 'shown' }
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
  if (wire?.unclear !== undefined)
    return { text: sentences(fault, UNCLEAR), certainty: fault === '' ? 'unknown' : 'likely' }
  if (fault !== '') return { text: fault, certainty: near[0]?.isForgetting === true ? 'shown' : 'likely' }
  if (near.length > 0 || (run === undefined && spans.length === 0)) return { text: '', certainty: 'unknown' }
  return { text: UNAIDED, certainty: 'likely' }
}

/** What broke a level, and what prevents it. */
export interface KnownCause {
  readonly cause: string
  readonly remedy: string
}

/** By what developers call a cycle of transactions, or by the name of what is wrong with one read. */
const ofTransactions: { readonly [name: string]: KnownCause } = {
  'lost update': {
    cause: 'Two transactions read one version and both wrote: the second never saw what the first wrote.',
    remedy:
      'Change the value in one statement (SET n = n - 1), read it with SELECT … FOR UPDATE, compare a version column, or use REPEATABLE READ and retry.',
  },
  'write skew': {
    cause: 'Each of two transactions read what the other changed, and neither saw the change.',
    remedy:
      'Use SERIALIZABLE and retry, lock everything that was read with SELECT … FOR UPDATE, or let a constraint refuse the result.',
  },
  'read skew': {
    cause: 'A transaction saw one part of what another committed, and missed the other part.',
    remedy: 'Read at REPEATABLE READ, or in one statement.',
  },
  'long fork': {
    cause: 'Two readers saw two commits in opposite orders.',
    remedy: 'Read at one node, or use snapshot isolation across nodes.',
  },
  'no transaction around it': {
    cause: 'Statements that belong together ran in transactions of their own, and another one came between.',
    remedy: 'Put them into one transaction: BEGIN … COMMIT. Then give it the level that it needs.',
  },
  'stale read': {
    cause: 'A transaction missed a commit that had been confirmed before it began.',
    remedy: 'Read from the primary, or wait until the standby has caught up.',
  },
  'non-repeatable-read': {
    cause: 'A transaction read one key twice, and another committed in between.',
    remedy: 'Use REPEATABLE READ, or read the key once.',
  },
  G1a: {
    cause: 'A transaction read what another wrote and then rolled back.',
    remedy: 'Use READ COMMITTED or stronger. At such a level, it is a bug of the database.',
  },
  G1b: {
    cause: 'A transaction read a value that another replaced before it committed.',
    remedy: 'Use READ COMMITTED or stronger. At such a level, it is a bug of the database.',
  },
}

const OTHER_TRANSACTIONS: KnownCause = {
  cause: 'The transactions overlapped, and no order of them explains what they read.',
  remedy: 'Run them at a stronger isolation level, and retry those that the database refuses.',
}

/** A transaction did not get the level that it asked for, so no other level is a cure. */
const NOT_AS_DECLARED: KnownCause = {
  cause: 'The database allowed what the levels asked for forbid.',
  remedy:
    'Look for what comes between: a standby, a pooler, a setting of the database. Else it is a bug of the database.',
}

/** Why transactions broke a level: their cycle shows it. Undefined if it is not about transactions. */
export function causeOfAnomaly({ level, anomaly, story }: Counterexample): KnownCause | undefined {
  if (level === 'declared') return NOT_AS_DECLARED
  return anomaly === undefined ? undefined : (ofTransactions[story ?? anomaly] ?? OTHER_TRANSACTIONS)
}

/** Stands where nothing is known of why something was violated. */
export const NO_CAUSE = 'The record does not show why.'

const UNCLEAR = 'Not every message was captured, so the cause may be missing.'
const UNAIDED = 'No fault explains this: the system does it by itself.'

/** A message that came late although no fault held it. */
const unaided = (wire: Wire | undefined): string => (wire?.isDelayedByItself === true ? UNAIDED : '')

const sentences = (...texts: readonly string[]): string => texts.filter((text) => text !== '').join(' ')

/**
 * `r=2, w=3, 5 nodes: r + w is 5, …`: what was chosen of the target and, if something is violated, what that gives up;
 * empty if no run is known.
 */
export function settingsText(run: RunSummary | undefined, isViolated: boolean): string {
  if (run === undefined) return ''
  const { target, nodes } = run.spec
  const chosen = Object.entries(target.settings).map(([name, value]) => `${name}=${value}`)
  const weakness = run.weakness === undefined || !isViolated ? '' : `: ${printable(run.weakness)}`
  const named = [
    ...(target.bug === undefined ? [] : [`bug ${target.bug}`]),
    ...chosen,
    `${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
  ].join(', ')
  return `${named}${weakness}`
}
