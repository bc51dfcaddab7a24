import type { Fault, NodeId } from '@chaosproxy/faults'
import type { Input, Json, Millis, Nanos } from '@chaosproxy/history'
import type { ProtocolSettingValue } from '@chaosproxy/protocols'

/** A textbook accident: how it happens, why, and what would have prevented it. */
export interface Story {
  readonly name: string
  /** One line. */
  readonly summary: string
  /** In one telling, or in several that differ in the system. */
  readonly told: readonly [Tale, ...Tale[]]
  /** The same day with a system that prevents the accident. */
  readonly fix: Tale
  /** What the story is about, checked after every step of every telling. */
  readonly ledger?: Ledger | undefined
  /** Why no ledger would say something, of a story that has none. */
  readonly withoutLedger?: string | undefined
  /** Two to four sentences. */
  readonly lesson: string
  /** Where in the literature it comes from. */
  readonly source: string
}

/** A promise that can be checked against what clients were answered. */
export interface Ledger {
  /** `Never more than $10 is spent.` */
  readonly promise: string
  /** How it stands once these operations succeeded, in the order of their answers; undefined while it does not matter. */
  stands(done: readonly Done[], money: Money | undefined): Standing | undefined
}

export interface Done {
  /** One of the cast. */
  readonly who: string
  readonly calledAt: Nanos
  readonly returnedAt: Nanos
  readonly input: Input
  readonly value: Json
}

export interface Standing {
  /** `spent $15 of $10`. */
  readonly says: string
  readonly broken: boolean
}

export type World = 'in virtual time' | 'on real processes'

/** One telling: a system, and an exact schedule of what clients and faults do, with the outcome that must be seen. */
export interface Tale {
  /** The system, in a few words. */
  readonly title: string
  /** Name of a protocol. */
  readonly target: string
  readonly bug?: string | undefined
  readonly targetSettings?: { readonly [name: string]: ProtocolSettingValue } | undefined
  readonly nodes: number
  readonly workload: string
  readonly timeoutMs: Millis
  /** Seeds message and disk delays, and the nodes' own randomness. */
  readonly seed: number
  /** The node that leads when the story begins; names are exchanged if another does. */
  readonly leader?: NodeId | undefined
  /** The clients, who act one operation at a time. */
  readonly cast: readonly string[]
  /** Requests of a crowd, in a tale about how much gets done; it has no cast. */
  readonly load?: Load | undefined
  /** What numbers in values are, if they are money: a balance of 1050 cents is shown as $10.50. */
  readonly money?: Money | undefined
  /** Sorted by time. */
  readonly beats: readonly Beat[]
  readonly ending: Ending
}

export type Money = 'dollars' | 'cents'

/** A crowd whose requests come at a steady rate, however the ones before them went. */
export interface Load {
  /** Made in turn. */
  readonly inputs: readonly [Input, ...Input[]]
  /** Asked in turn. */
  readonly nodes: readonly NodeId[]
  readonly perSecond: number
  readonly untilMs: Millis
}

export type Beat = Asking | Mishap | Remark

/** Something to be known at this time. */
export interface Remark {
  readonly type: 'remark'
  readonly atMs: Millis
  readonly says: string
}

export interface Asking {
  readonly type: 'asking'
  readonly atMs: Millis
  /** One of the cast. */
  readonly who: string
  readonly node: NodeId
  readonly input: Input
  /** What the client must be answered. */
  readonly answer: Answer
  /** What happens, in a sentence or two. */
  readonly says: string
}

/** Something breaks, for a while. */
export interface Mishap {
  readonly type: 'mishap'
  readonly atMs: Millis
  readonly untilMs: Millis
  readonly fault: Fault
  readonly says: string
}

/** `fail`: certainly without effect. `info`: no answer in time, so nobody knows. */
export type Answer =
  | { readonly type: 'ok'; readonly value: Json }
  /** `because`: the reason given must begin like this. */
  | { readonly type: 'fail' | 'info'; readonly because?: string | undefined }

/** What must be seen once all is healed. */
export interface Ending {
  readonly verdicts: { readonly [level: string]: 'met' | 'violated' }
  readonly finally: { readonly [key: string]: Json }
  /** How much of the load must be answered, and at most may be. */
  readonly goodput?: readonly ExpectedGoodput[] | undefined
  /** The balance of it all, in one sentence. */
  readonly says: string
}

/** Bounds on the share of requests of a load that are answered between two times. */
export interface ExpectedGoodput {
  readonly fromMs: Millis
  readonly untilMs: Millis
  readonly least: number
  /** The same on processes: a machine that is busy with other things makes some wait too long. By default no less. */
  readonly leastOnProcesses?: number | undefined
  readonly most: number
}
