import type { OperationRow } from '@chaosproxy/checker'
import type { Json } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'

/**
 * An assertion of a report besides its consistency levels, with the data that support it. Operations are row numbers of
 * the history.
 */
export type Claim =
  | Lost
  | Missing
  | CameBackWithout
  | HandedOutTwice
  | SlowestRecovery
  | NoMajorityUp
  | BlamedOnFault
  | SettingsAllow

/**
 * At least `least` of these acknowledged changes are permanently lost. For a counter, at least `least` of the sum of
 * the changes is lost.
 */
interface Lost {
  readonly claim: 'lost'
  readonly of: 'writes' | 'elements' | 'messages' | 'additions'
  readonly changes: readonly OperationRow[]
  readonly least: number
}

/** A node answered `read` without a change. The operation `known` had made or seen this change before. */
interface Missing {
  readonly claim: 'missing'
  readonly known: OperationRow
  readonly read: OperationRow
  /** The missing element as canonical JSON, if `known` is a read of several elements. */
  readonly element?: string | undefined
}

/** A node had a change, was killed, and answered without it. */
interface CameBackWithout {
  readonly claim: 'came back without'
  readonly change: OperationRow
  readonly read: OperationRow
  readonly fault: Pick<FaultSpan, 'kind' | 'nodes' | 'from' | 'to'>
}

/** Each of these messages or ids was delivered more often than it was put in. */
interface HandedOutTwice {
  readonly claim: 'handed out twice'
  readonly of: 'messages' | 'ids'
  readonly handed: readonly { readonly key: string | undefined; readonly value: Json; readonly times: number }[]
}

/**
 * The longest recovery of the run. A recovery lasts from the beginning of a fault that took effect until the first
 * answer to an operation that was called after this beginning.
 */
interface SlowestRecovery {
  readonly claim: 'slowest recovery'
  readonly nanos: number
}

/** No node could reach a majority of the nodes during `share` of the run, a number from 0 to 1. */
interface NoMajorityUp {
  readonly claim: 'no majority up'
  readonly share: number
}

/** A fault explains why these operations contradict each other. */
interface BlamedOnFault {
  readonly claim: 'blamed on a fault'
  readonly fault: FaultSpan
  readonly between: readonly OperationRow[]
}

/** If the run had these settings, the target would promise the level that the run violated. */
interface SettingsAllow {
  readonly claim: 'the settings allow'
  readonly change: { readonly [setting: string]: number | boolean | string }
  /** The level that the target promises with the changed settings, and that the run violated. */
  readonly promise: string
}
