import type { OperationRow } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'

/**
 * An assertion of a report, other than the verdicts on levels, with its evidence. Operations are row numbers of the
 * history.
 */
export type Claim =
  | Lost
  | Missing
  | CameBackWithout
  | HandedOutTwice
  | SlowestRecovery
  | NoMajorityUp
  | ExplainedByFault
  | SettingsAllow

/** At least `least` of these acknowledged changes are lost for good. For a counter, `least` is a sum. */
export interface Lost {
  readonly claim: 'lost'
  readonly of: 'writes' | 'elements' | 'messages' | 'additions'
  readonly changes: readonly OperationRow[]
  readonly least: number
}

/**
 * The operation `read` returned a state that lacks one change. The operation `known` had made this change, or had
 * returned a state that contains it.
 */
export interface Missing {
  readonly claim: 'missing'
  readonly known: OperationRow
  readonly read: OperationRow
  /** The missing element as canonical JSON, if `known` is a read of several elements. */
  readonly element?: string | undefined
}

/** A node that had a change was killed, and then answered without the change. */
export interface CameBackWithout {
  readonly claim: 'came back without'
  readonly change: OperationRow
  readonly read: OperationRow
  readonly fault: Pick<FaultSpan, 'kind' | 'nodes' | 'from' | 'to'>
}

/** Each of these messages or ids was delivered too often. */
export interface HandedOutTwice {
  readonly claim: 'handed out twice'
  readonly of: 'messages' | 'ids'
  readonly handed: readonly { readonly key: string | undefined; readonly value: Json; readonly times: number }[]
}

/** The run's longest recovery: from the beginning of a fault to the first answer to a later call. */
export interface SlowestRecovery {
  readonly claim: 'slowest recovery'
  readonly nanos: number
}

/** For the fraction `share` of the run's duration, no node could reach a majority. */
export interface NoMajorityUp {
  readonly claim: 'no majority up'
  readonly share: number
}

/** A fault explains the contradiction of these operations. */
export interface ExplainedByFault {
  readonly claim: 'blamed on a fault'
  readonly fault: FaultSpan
  readonly between: readonly OperationRow[]
}

export interface SettingsAllow {
  readonly claim: 'the settings allow'
  readonly change: { readonly [setting: string]: number | boolean | string }
  /** The level that the changed settings promise, and that the run violated. */
  readonly promise: string
}
