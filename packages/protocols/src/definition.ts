import type { FaultPlan, NodeId } from '@chaosproxy/faults'
import type { MachineEvent, StateMachine } from './machine.ts'

/** A state machine with its own types hidden, so that a host can run any. */
// biome-ignore lint/suspicious/noExplicitAny: hosts pass states, messages and records through without looking into them.
export type AnyMachine = StateMachine<any, any, any>

/** A deliberate mistake, off unless requested by name. It proves that the tool can find such mistakes. */
export interface Bug {
  readonly name: string
  readonly summary: string
  /** Settings under which the mistake is likely to occur and to be seen, for runs that do not choose their own. */
  readonly under?: BugSetting | undefined
}

export interface BugSetting {
  readonly knobs?: { readonly [name: string]: KnobValue } | undefined
  /** In place of the knobs of the same names in a search: its trials have tens of operations, and a run has thousands. */
  readonly trialKnobs?: { readonly [name: string]: KnobValue } | undefined
  /** Kinds as `--faults` names them. */
  readonly faults?: readonly string[] | undefined
  /** When absent, the usual workload brings it out. */
  readonly workload?: string | undefined
}

/**
 * A property no run may ever break, whatever the faults. Watched during the run, so that a breach is seen before a
 * client is affected.
 */
export interface Invariant {
  readonly name: string
  /** The property, with its source. */
  readonly summary: string
  /** Starts a watch over one run. */
  watch(): InvariantWatch
}

/** Called once per node, which lets the watch keep its own memory of each node. */
export type InvariantWatch<State = unknown, Message = unknown, DurableRecord = unknown> = (
  node: NodeId,
) => NodeWatch<State, Message, DurableRecord>

/**
 * Called after every step of its node with the node's state and what its disk holds, neither of which it may change;
 * `event` is absent for a start. `durable` has every record that survives a kill at this moment, in order: those that
 * this step persists are not yet among them. It is the same array at every call for one node, so a watch may keep it to
 * compare disks of several nodes. Returns a description once the invariant is broken. Declared as a method so that a
 * watch over a protocol's own state type is assignable to one over `unknown`.
 */
export type NodeWatch<State = unknown, Message = unknown, DurableRecord = unknown> = {
  watch(state: State, event: MachineEvent<Message> | undefined, durable: readonly DurableRecord[]): string | undefined
}['watch']

/** Watches each state for itself, whatever came before. */
export const watchState =
  <State>(breachOf: (state: State) => string | undefined): (() => InvariantWatch<State>) =>
  () =>
  () =>
    breachOf

/** The same invariants, each watch of a node replaced by what `wrap` makes of it. */
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

export type KnobValue = number | boolean | string
/** A setting of a protocol, chosen with `--set name=value`. */
export interface Knob {
  readonly name: string
  readonly summary: string
  readonly default: KnobValue
  /** The allowed values, if they are few. */
  readonly values?: readonly KnobValue[] | undefined
  /** Values a search tries too, because mistakes hide behind the default. */
  readonly worthTrying?: readonly KnobValue[] | undefined
  /** Whether it says after how many milliseconds a lock is free again that nobody has released. */
  readonly isLeaseMs?: true | undefined
}

/** What a run asks of a protocol: `--bug`, `--set`, and the object of its workload. */
export interface ProtocolOptions {
  readonly bug?: string | undefined
  /** Name of the replicated object; a register by default. */
  readonly object?: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
}

export type PromisedLevel = (typeof promisedLevels)[number]

export const promisedLevels = ['linearizable', 'sequential', 'eventual', 'convergent'] as const

/**
 * Whether a client stays with one node: `true` even while that node is down, `while-up` until it does not answer; then
 * the client stays with another.
 */
export type Stickiness = boolean | 'while-up'

/**
 * How wrong clocks may be for a promise to hold. What is absent does not matter to it, or is not known: searches then draw
 * moderate strengths.
 */
export interface ClockBounds {
  /** How much faster one node's clock may run than another's, such as 1.25; 1: not at all. */
  readonly drift?: number | undefined
  /** How far a clock may jump. */
  readonly jumpMs?: number | undefined
}

/** What settings give up: `replicas answer reads, and lag`. Undefined if that is nothing. */
export type Weakness = (settings: { readonly [name: string]: KnobValue }, nodes: number) => string | undefined

/** A protocol as the registry lists it, with everything help, docs, tests and hosts need. */
export interface ProtocolDefinition {
  readonly name: string
  readonly summary: string
  readonly defaultNodes: number
  /** What these settings give up, as a clause that a report says beside a violation; undefined if that is nothing. */
  readonly weakness?: Weakness | undefined
  /** Names of the objects it can replicate. */
  readonly objects: readonly string[]
  /** The functions its clients can call, if fewer than its objects have; undefined: all. It may depend on the knobs. */
  readonly functions?:
    | readonly string[]
    | ((knobs: ProtocolOptions['knobs']) => readonly string[] | undefined)
    | undefined
  /** The strongest level it promises for an object under faults; end-to-end tests hold it to that. */
  promises(object: string, knobs: ProtocolOptions['knobs']): PromisedLevel | 'none'
  /** Whether clients have to stay with one node, as by sticky sessions: its promise then holds for such clients. */
  readonly sticky?: boolean | ((knobs: ProtocolOptions['knobs']) => Stickiness) | undefined
  /** Kinds of fault under which it promises nothing: a search leaves them out. It may depend on the knobs. */
  readonly notUnder?:
    | readonly FaultPlan['kind'][]
    | ((knobs: ProtocolOptions['knobs']) => readonly FaultPlan['kind'][])
    | undefined
  /**
   * Kinds of fault after which it may never answer again, though everything is healed: a log in memory is gone with the
   * majority that had it. A search does not ask it to recover from them. It may depend on the knobs.
   */
  readonly mayStopUnder?:
    | readonly FaultPlan['kind'][]
    | ((knobs: ProtocolOptions['knobs']) => readonly FaultPlan['kind'][])
    | undefined
  /** A search lets clocks be as wrong as this, and no more. It may depend on the knobs. */
  readonly clocks?: ClockBounds | ((knobs: ProtocolOptions['knobs']) => ClockBounds) | undefined
  /** Why this number of nodes cannot run with these knobs; undefined if it can. When absent, any number can. */
  readonly impossible?: ((knobs: ProtocolOptions['knobs'], nodes: number) => string | undefined) | undefined
  /** Knob values with the strongest promise: a search starts here. */
  readonly strictest?: ProtocolOptions['knobs'] | undefined
  readonly knobs: readonly Knob[]
  readonly bugs: readonly Bug[]
  /** Whether its mistakes emit a `mark` when they make a difference: a run without one has not tried the mistake. */
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

/** The kinds of fault under which a protocol promises nothing with these knobs. */
export const notPromisedUnder = (
  { notUnder = [] }: ProtocolDefinition,
  knobs: ProtocolOptions['knobs'],
): readonly FaultPlan['kind'][] => (typeof notUnder === 'function' ? notUnder(knobs) : notUnder)

/** The kinds of fault from which a protocol need not recover with these knobs. */
export const mayStopUnder = (
  { mayStopUnder: kinds = [] }: ProtocolDefinition,
  knobs: ProtocolOptions['knobs'],
): readonly FaultPlan['kind'][] => (typeof kinds === 'function' ? kinds(knobs) : kinds)

/** None for a protocol that declares none. */
export const clockBoundsOf = ({ clocks = {} }: ProtocolDefinition, knobs: ProtocolOptions['knobs']): ClockBounds =>
  typeof clocks === 'function' ? clocks(knobs) : clocks

export const stickinessOf = ({ sticky = false }: ProtocolDefinition, knobs: ProtocolOptions['knobs']): Stickiness =>
  typeof sticky === 'function' ? sticky(knobs) : sticky

/** The object that a protocol replicates by default. */
export const DEFAULT_OBJECT = 'register'

export const promiseOf = (
  protocol: ProtocolDefinition,
  knobs: ProtocolOptions['knobs'],
  object: string = DEFAULT_OBJECT,
): PromisedLevel | 'none' => protocol.promises(object, knobs)
