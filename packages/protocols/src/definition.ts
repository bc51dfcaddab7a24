import { type FaultPlan, type NodeId, ownFaultKinds } from '@chaosproxy/faults'
import type { MachineEvent, StateMachine } from './machine.ts'

/** A state machine with its types hidden, so that a host can run any machine. */
// biome-ignore lint/suspicious/noExplicitAny: hosts pass states, messages and records through without looking into them.
export type AnyMachine = StateMachine<any, any, any>

/** A deliberate bug, off by default. It demonstrates that the tool finds such bugs. */
export interface Bug {
  readonly name: string
  readonly summary: string
  /** Settings under which the bug is likely to occur and to be detected. */
  readonly under?: BugSetting | undefined
}

export interface BugSetting {
  readonly settings?: { readonly [name: string]: ProtocolSettingValue } | undefined
  /** Replaces settings in a search. A trial of a search has tens of operations, but a run has thousands. */
  readonly trialSettings?: { readonly [name: string]: ProtocolSettingValue } | undefined
  /** Kinds of fault, by their names in `--faults`. */
  readonly faults?: readonly string[] | undefined
  /** The workload that exposes the bug. */
  readonly workload?: string | undefined
}

/**
 * A property that no run may ever violate. It is checked during the run, so that a violation is detected before a
 * client is affected.
 */
export interface Invariant {
  readonly name: string
  /** The property, with the source that states it. Only for readers of the protocol. */
  readonly summary?: string | undefined
  watch(): InvariantWatch
}

/** Called once per node. */
export type InvariantWatch<State = unknown, Message = unknown, DurableRecord = unknown> = (
  node: NodeId,
) => NodeWatch<State, Message, DurableRecord>

/**
 * Called after every step of one node, with the node's state and the records on its disk. The watch must change
 * neither. If the invariant is broken, it returns a description of the violation.
 *
 * `event` is the event that caused the step; undefined if the node has just started. `durable` has the records that
 * would survive a kill at this moment. The records of this step are not among them. Every call for the same node passes
 * the same array, so a watch may keep it.
 *
 * Declared as a method, so that a watch over a protocol's own state type is assignable to a watch over `unknown`.
 */
type NodeWatch<State = unknown, Message = unknown, DurableRecord = unknown> = {
  watch(state: State, event: MachineEvent<Message> | undefined, durable: readonly DurableRecord[]): string | undefined
}['watch']

/** Returns a watch that checks each state independently of earlier states. */
export const watchState =
  <State>(breachOf: (state: State) => string | undefined): (() => InvariantWatch<State>) =>
  () =>
  () =>
    breachOf

/**
 * Returns copies of the invariants. In each copy, the result of `wrap` replaces the watch, the function that checks the
 * invariant.
 */
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

/** Called after every step. Returns whether the step may have changed state that invariants depend on. */
export type ChangeWatch<State = unknown> = { changed(state: State): boolean }['changed']

export type ProtocolSettingValue = number | boolean | string
/** A setting of a protocol, chosen with `--set name=value`. */
export interface ProtocolSetting {
  readonly name: string
  readonly summary: string
  readonly default: ProtocolSettingValue
  readonly values?: readonly ProtocolSettingValue[] | undefined
  /** Values that a search also tries, because the default hides bugs. */
  readonly worthTrying?: readonly ProtocolSettingValue[] | undefined
  /** Whether the setting is the duration of a lock's lease, in milliseconds. */
  readonly isLeaseMs?: true | undefined
}

/** The options of a run: `--bug`, `--set`, and the workload's object. */
export interface ProtocolOptions {
  readonly bug?: string | undefined
  readonly object?: string | undefined
  readonly settings: { readonly [name: string]: ProtocolSettingValue }
}

type PromisedLevel = (typeof promisedLevels)[number]

export const promisedLevels = ['linearizable', 'sequential', 'eventual', 'convergent'] as const

/** Whether a client stays with one node: always (`true`), or until the node stops answering (`while-up`). */
export type Stickiness = boolean | 'while-up'

/**
 * The largest deviations of clocks under which a promise holds. Without a bound, searches choose moderate deviations.
 */
export interface ClockBounds {
  /** The largest ratio of two clock rates, such as 1.25. */
  readonly drift?: number | undefined
  readonly jumpMs?: number | undefined
}

/** Describes which guarantees the settings give up: `replicas answer reads, and lag`. */
type Weakness = (settings: ProtocolOptions['settings'], nodes: number, object?: string) => string | undefined

/** A value that may depend on the settings. */
type BySettings<Value> = Value | ((settings: ProtocolOptions['settings']) => Value)

/** Describes a protocol for the help, the documentation, the tests and the hosts. */
export interface ProtocolDefinition {
  readonly name: string
  readonly summary: string
  readonly defaultNodes: number
  /** Describes which guarantees the settings give up, as a clause for the report. */
  readonly weakness?: Weakness | undefined
  readonly objects: readonly string[]
  /** The functions that clients can call; undefined for all. */
  readonly functions?: BySettings<readonly string[] | undefined>
  /** Returns the strongest level promised for an object under faults; end-to-end tests verify it. */
  promises(object: string, settings: ProtocolOptions['settings']): PromisedLevel | 'none'
  readonly sticky?: BySettings<Stickiness> | undefined
  /** Kinds of fault under which the protocol promises nothing. */
  readonly notUnder?: BySettings<readonly FaultPlan['kind'][]> | undefined
  /**
   * Kinds of fault after which the protocol may never answer again, for example because a log in memory is lost. A
   * search requires no recovery from them.
   */
  readonly mayStopUnder?: BySettings<readonly FaultPlan['kind'][]> | undefined
  /** The largest clock errors that a search injects. */
  readonly clocks?: BySettings<ClockBounds> | undefined
  /** Returns why this number of nodes cannot run; undefined if it can. */
  readonly impossible?: ((settings: ProtocolOptions['settings'], nodes: number) => string | undefined) | undefined
  /** The settings with the strongest guarantees. A search uses them unless the user chooses settings. */
  readonly strictest?: ProtocolOptions['settings'] | undefined
  readonly settings: readonly ProtocolSetting[]
  readonly bugs: readonly Bug[]
  /**
   * Whether the protocol's bugs emit a `mark` when they take effect. A run without a mark has not exercised the bug.
   */
  readonly marks?: boolean | undefined
  readonly invariants?: readonly Invariant[] | undefined
  /**
   * Creates a watch for each node. Invariants are checked only after the steps that the watch reports; if absent, after
   * every step.
   */
  readonly changes?: (() => ChangeWatch) | undefined
  create(options: ProtocolOptions): AnyMachine
}

/** The default export of a user's protocol file. Only `name` and `create` are required. */
export type ProtocolModule = Pick<ProtocolDefinition, 'name' | 'create'> &
  Partial<Omit<ProtocolDefinition, 'promises'>> & {
    /** The promised level, or a function as in {@link ProtocolDefinition}. */
    readonly promises?: PromisedLevel | 'none' | ProtocolDefinition['promises'] | undefined
  }

export const notPromisedUnder = (
  { notUnder = [] }: ProtocolDefinition,
  settings: ProtocolOptions['settings'],
): readonly FaultPlan['kind'][] => withOwn(typeof notUnder === 'function' ? notUnder(settings) : notUnder)

/** Returns the kinds of fault from which a protocol need not recover with these settings. */
export const mayStopUnder = (
  { mayStopUnder: kinds = [] }: ProtocolDefinition,
  settings: ProtocolOptions['settings'],
): readonly FaultPlan['kind'][] => withOwn(typeof kinds === 'function' ? kinds(settings) : kinds)

/**
 * Adds all user-defined kinds of fault to the list, unless it is empty. A user-defined fault may act like any fault in
 * the list.
 */
const withOwn = (kinds: readonly FaultPlan['kind'][]): readonly FaultPlan['kind'][] =>
  kinds.length === 0 || ownFaultKinds.length === 0 ? kinds : [...kinds, ...ownFaultKinds]

/** Returns the clock bounds of a protocol; empty for none. */
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
