import type { Fault, NodeId } from '@chaosproxy/faults'
import type { Input, Json, Millis, Nanos } from '@chaosproxy/history'
import type { ProtocolSettingValue } from '@chaosproxy/protocols'

/** A textbook accident: how it happens, why, and what would have prevented it. */
export interface Story {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** The scripts that show the failure, one for each system that suffers it. */
  readonly told: readonly [Tale, ...Tale[]]
  /** The same schedule with a system that prevents the accident. */
  readonly fix: Tale
  /** The promise to the clients. In each script of `told` and in `fix`, the promise is checked after every step. */
  readonly ledger?: Ledger | undefined
  /** Why the story has no promise that can be checked. Absent if `ledger` is present. */
  readonly withoutLedger?: string | undefined
  /** The lesson of the story, in two to four sentences. */
  readonly lesson: string
  /** The source of the story in the literature. */
  readonly source: string
}

/** A promise that can be checked against the answers that clients received. */
export interface Ledger {
  /** The promise as a sentence: `Never more than $10 is spent.` */
  readonly promise: string
  /**
   * Returns the state of the promise after the operations `done`, which are in the order of their answers. Returns
   * undefined if these operations do not concern the promise.
   */
  stands(done: readonly Done[], money: Money | undefined): Standing | undefined
}

export interface Done {
  readonly who: string
  readonly calledAt: Nanos
  readonly returnedAt: Nanos
  readonly input: Input
  readonly value: Json
}

export interface Standing {
  /** The state in words: `spent $15 of $10`. */
  readonly says: string
  readonly broken: boolean
}

export type World = 'in virtual time' | 'on real processes'

/**
 * One telling of a story: a system, and an exact schedule of the actions of clients and faults, with the expected
 * outcome.
 */
export interface Tale {
  /** The system, in a few words. */
  readonly title: string
  /** The name of the protocol. */
  readonly target: string
  readonly bug?: string | undefined
  readonly targetSettings?: { readonly [name: string]: ProtocolSettingValue } | undefined
  readonly nodes: number
  readonly workload: string
  readonly timeoutMs: Millis
  /** The seed of message and disk delays, and of the nodes' randomness; by default 1. */
  readonly seed?: number | undefined
  /** The node that leads when the story begins. If another node leads in a run, the two nodes exchange their names. */
  readonly leader?: NodeId | undefined
  /** The clients, each of which has one operation in flight at a time. */
  readonly cast: readonly string[]
  /** Requests at a steady rate, for a story about throughput. Such a story has no individual clients (`cast`). */
  readonly load?: Load | undefined
  /** The unit of money, if numbers in values are amounts: with `cents`, a balance of 1050 is shown as $10.50. */
  readonly money?: Money | undefined
  /** Sorted by time. */
  readonly beats: readonly Beat[]
  readonly ending: Ending
}

export type Money = 'dollars' | 'cents'

/** A load of requests at a steady rate, whatever the outcome of earlier requests. */
export interface Load {
  /** Made in turn. */
  readonly inputs: readonly [Input, ...Input[]]
  /** Asked in turn. */
  readonly nodes: readonly NodeId[]
  readonly perSecond: number
  readonly untilMs: Millis
}

export type Beat = Asking | Mishap | Remark

/** A fact that the reader must know at this time. */
export interface Remark {
  readonly type: 'remark'
  readonly atMs: Millis
  readonly says: string
}

export interface Asking {
  readonly type: 'asking'
  readonly atMs: Millis
  readonly who: string
  readonly node: NodeId
  readonly input: Input
  /** The answer that the client must receive. */
  readonly answer: Answer
  readonly says: string
}

/** A temporary fault. */
export interface Mishap {
  readonly type: 'mishap'
  readonly atMs: Millis
  readonly untilMs: Millis
  readonly fault: Fault
  readonly says: string
}

/** The expected answer. `fail`: the operation certainly had no effect. `info`: its outcome is unknown. */
export type Answer =
  | { readonly type: 'ok'; readonly value: Json }
  /** `because` is the required beginning of the error. */
  | { readonly type: 'fail' | 'info'; readonly because?: string | undefined }

/** The outcome that must be observed after all faults are healed. */
export interface Ending {
  readonly verdicts: { readonly [level: string]: 'met' | 'violated' }
  readonly finally: { readonly [key: string]: Json }
  /** For certain time intervals, bounds on the share of requests that are answered. */
  readonly goodput?: readonly ExpectedGoodput[] | undefined
  readonly says: string
}

/** Bounds on the share of a load's requests that are answered in an interval. */
export interface ExpectedGoodput {
  readonly fromMs: Millis
  readonly untilMs: Millis
  readonly least: number
  /**
   * The minimum share of answered requests in a run on real processes. It is lower than `least`, because some requests
   * time out on a busy machine.
   */
  readonly leastOnProcesses?: number | undefined
  readonly most: number
}
