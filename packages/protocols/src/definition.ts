import { type FaultPlan, type NodeId, ownFaultKinds } from '@chaosproxy/faults'
import type { MachineEvent, StateMachine } from './machine.ts'

/** A state machine with its own types hidden, so that a host can run any. */
// biome-ignore lint/suspicious/noExplicitAny: hosts pass states, messages and records through without looking into them.
export type AnyMachine = StateMachine<any, any, any>

/** A deliberate bug, off unless requested by name. It proves that the tool can find such bugs. */
export interface Bug {
  readonly name: string
  readonly summary: string
  /** Settings under which the bug is likely to occur and to be noticed, for runs that do not choose their own. */
  readonly under?: BugSetting | undefined
}

export interface BugSetting {
  readonly settings?: { readonly [name: string]: ProtocolSettingValue } | undefined
  /** Replaces settings of the same names in a search, whose trials have tens of operations; a run has thousands. */
  readonly trialSettings?: { readonly [name: string]: ProtocolSettingValue } | undefined
  /** Kinds of fault, by their names in `--faults`. */
  readonly faults?: readonly string[] | undefined
  /** The workload that exposes the bug; when absent, the default one does. */
  readonly workload?: string | undefined
}

/**
 * A property that no run may ever break, whatever the faults. Watched during the run, so that a breach is noticed
 * before a client is affected.
 */
export interface Invariant {
  readonly name: string
  /** The property, with its source. */
  readonly summary: string
  watch(): InvariantWatch
}

/** Called once per node, which lets the watch keep its own memory of each node. */
export type InvariantWatch<State = unknown, Message = unknown, DurableRecord = unknown> = (
  node: NodeId,
) => NodeWatch<State, Message, DurableRecord>

/**
 * Called after every step of its node with the node's state and the content of its disk, neither of which it may
 * change; `event` is absent for a start. `durable` has every record that would survive a kill at this moment, in order,
 * without those that this step persists. It is the same array at every call for one node, so a watch may keep it to
 * compare the disks of several nodes. Returns a description once the invariant is broken. Declared as a method so that
 * a watch over a protocol's own state type is assignable to one over `unknown`.
 */
export type NodeWatch<State = unknown, Message = unknown, DurableRecord = unknown> = {
  watch(state: State, event: MachineEvent<Message> | undefined, durable: readonly DurableRecord[]): string | undefined
}['watch']

/** Watches each state on its own, independent of earlier ones. */
export const watchState =
  <State>(breachOf: (state: State) => string | undefined): (() => InvariantWatch<State>) =>
  () =>
  () =>
    breachOf

/** The same invariants with every watch of a node passed through `wrap`. */
export const wrapWatches = (
  invariants: readonly Invariant[] | undefined,
  wrap: (watch: NodeWatch, node: NodeId, invariant: string) => NodeWatch,
): readonly Invariant[] | undefined =>
  invariants?.map((invariant) => ({
    ...invariant,
    watch() {
      const watch = invariant.watch()
      return (node) => wrap(watch(node), node, invariant.name)
    },
  }))

/** Called after every step of a node: whether the step may have changed what the invariants look at. */
export type ChangeWatch<State = unknown> = { changed(state: State): boolean }['changed']

export type ProtocolSettingValue = number | boolean | string
/** A setting of a protocol, chosen with `--set name=value`. */
export interface ProtocolSetting {
  readonly name: string
  readonly summary: string
  readonly default: ProtocolSettingValue
  readonly values?: readonly ProtocolSettingValue[] | undefined
  /** Values that a search tries as well, because the default hides bugs. */
  readonly worthTrying?: readonly ProtocolSettingValue[] | undefined
  /** Whether it is the time in milliseconds after which a lock that was not released becomes free. */
  readonly isLeaseMs?: true | undefined
}

/** What a run asks of a protocol: `--bug`, `--set`, and the object of its workload. */
export interface ProtocolOptions {
  readonly bug?: string | undefined
  /** Name of the replicated object; a register by default. */
  readonly object?: string | undefined
  readonly settings: { readonly [name: string]: ProtocolSettingValue }
}

export type PromisedLevel = (typeof promisedLevels)[number]

export const promisedLevels = ['linearizable', 'sequential', 'eventual', 'convergent'] as const

/**
 * Whether a client stays with one node: `true` even while that node is down; `while-up` until it stops answering, and
 * then with another.
 */
export type Stickiness = boolean | 'while-up'

/**
 * How wrong clocks may be for a promise to hold. An absent bound is irrelevant or unknown; searches then draw moderate
 * strengths.
 */
export interface ClockBounds {
  /** How much faster one node's clock may run than another's, such as 1.25; 1 means no faster. */
  readonly drift?: number | undefined
  /** How far a clock may jump. */
  readonly jumpMs?: number | undefined
}

/** What settings give up for an object: `replicas answer reads, and lag`. Undefined if that is nothing. */
export type Weakness = (
  settings: { readonly [name: string]: ProtocolSettingValue },
  nodes: number,
  object?: string,
) => string | undefined

/** A protocol as the registry lists it, with everything help, docs, tests and hosts need. */
export interface ProtocolDefinition {
  readonly name: string
  readonly summary: string
  readonly defaultNodes: number
  /** What these settings give up, as a clause that a report says beside a violation; undefined if that is nothing. */
  readonly weakness?: Weakness | undefined
  readonly objects: readonly string[]
  /** The functions its clients can call, if fewer than its objects have; undefined: all. May depend on the settings. */
  readonly functions?:
    | readonly string[]
    | ((settings: ProtocolOptions['settings']) => readonly string[] | undefined)
    | undefined
  /** The strongest level it promises for an object under faults; end-to-end tests hold it to that. */
  promises(object: string, settings: ProtocolOptions['settings']): PromisedLevel | 'none'
  /** Whether clients have to stay with one node, as with sticky sessions, for the promise to hold. */
  readonly sticky?: boolean | ((settings: ProtocolOptions['settings']) => Stickiness) | undefined
  /** Kinds of fault under which it promises nothing; a search leaves them out. May depend on the settings. */
  readonly notUnder?:
    | readonly FaultPlan['kind'][]
    | ((settings: ProtocolOptions['settings']) => readonly FaultPlan['kind'][])
    | undefined
  /**
   * Kinds of fault after which it may never answer again, even once everything is healed: a log in memory is lost with
   * the majority that had it. A search does not require recovery from them. May depend on the settings.
   */
  readonly mayStopUnder?:
    | readonly FaultPlan['kind'][]
    | ((settings: ProtocolOptions['settings']) => readonly FaultPlan['kind'][])
    | undefined
  /** The largest clock errors that a search injects. May depend on the settings. */
  readonly clocks?: ClockBounds | ((settings: ProtocolOptions['settings']) => ClockBounds) | undefined
  /** Why this number of nodes cannot run with these settings; undefined if it can. When absent, any number can. */
  readonly impossible?: ((settings: ProtocolOptions['settings'], nodes: number) => string | undefined) | undefined
  /** The settings with the strongest promise; a search starts here. */
  readonly strictest?: ProtocolOptions['settings'] | undefined
  readonly settings: readonly ProtocolSetting[]
  readonly bugs: readonly Bug[]
  /** Whether its bugs emit a `mark` when they make a difference. A run without a mark has not tried the bug. */
  readonly marks?: boolean | undefined
  readonly invariants?: readonly Invariant[] | undefined
  /** One per node of a run. Invariants are checked only after steps that it reports; when absent, after every step. */
  readonly changes?: (() => ChangeWatch) | undefined
  create(options: ProtocolOptions): AnyMachine
}

/** The default export of a user's protocol file: name and machine are required, the rest has defaults. */
export type ProtocolModule = Pick<ProtocolDefinition, 'name' | 'create'> &
  Partial<Omit<ProtocolDefinition, 'promises'>> & {
    /** A single level if it is the same for every object. */
    readonly promises?: PromisedLevel | 'none' | ProtocolDefinition['promises'] | undefined
  }

export const notPromisedUnder = (
  { notUnder = [] }: ProtocolDefinition,
  settings: ProtocolOptions['settings'],
): readonly FaultPlan['kind'][] => withOwn(typeof notUnder === 'function' ? notUnder(settings) : notUnder)

/** The kinds of fault from which a protocol need not recover with these settings. */
export const mayStopUnder = (
  { mayStopUnder: kinds = [] }: ProtocolDefinition,
  settings: ProtocolOptions['settings'],
): readonly FaultPlan['kind'][] => withOwn(typeof kinds === 'function' ? kinds(settings) : kinds)

/** A fault of a user's own may do what any of these kinds do. A protocol without such kinds bears all. */
const withOwn = (kinds: readonly FaultPlan['kind'][]): readonly FaultPlan['kind'][] =>
  kinds.length === 0 || ownFaultKinds.length === 0 ? kinds : [...kinds, ...ownFaultKinds]

/** None for a protocol that declares none. */
export const clockBoundsOf = (
  { clocks = {} }: ProtocolDefinition,
  settings: ProtocolOptions['settings'],
): ClockBounds => (typeof clocks === 'function' ? clocks(settings) : clocks)

export const stickinessOf = (
  { sticky = false }: ProtocolDefinition,
  settings: ProtocolOptions['settings'],
): Stickiness => (typeof sticky === 'function' ? sticky(settings) : sticky)

export const DEFAULT_OBJECT = 'register'

export const promiseOf = (
  protocol: ProtocolDefinition,
  settings: ProtocolOptions['settings'],
  object: string = DEFAULT_OBJECT,
): PromisedLevel | 'none' => protocol.promises(object, settings)
