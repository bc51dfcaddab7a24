import type { FaultPlan, NodeId } from '@chaos/faults'
import type { MachineEvent, StateMachine } from './machine.ts'

/** A state machine, its own types hidden: what a host can run without knowing which it is. */
// biome-ignore lint/suspicious/noExplicitAny: hosts pass states, messages and records through without looking into them.
export type AnyMachine = StateMachine<any, any, any>

/** A deliberate mistake, off unless asked for by name: how the tool proves that it can find them. */
export interface Bug {
  readonly name: string
  readonly summary: string
  /** What brings it out: for runs in which nothing else is asked for. Its wrong turns are then likely to be taken, and seen. */
  readonly under?: BugSetting | undefined
}

export interface BugSetting {
  readonly knobs?: { readonly [name: string]: KnobValue } | undefined
  /** As `--faults` has them. */
  readonly faults?: readonly string[] | undefined
}

/** What no run may ever break, whatever the faults: watched as the run goes on, so that it is seen before a client is hurt. */
export interface Invariant {
  readonly name: string
  /** What holds, with its source. */
  readonly summary: string
  /** A watch over one run. */
  watch(): InvariantWatch
}

/** Asked once for each node: what is remembered of one node is then at hand at each of its steps. */
export type InvariantWatch<State = unknown, Message = unknown> = (node: NodeId) => NodeWatch<State, Message>

/**
 * Told of every step of its node after it, with the node's state, which it must not change; the event is absent for a
 * start. Says what is broken, once it is. A method, so that a watch over its protocol's own states is one over unknown ones.
 */
export type NodeWatch<State = unknown, Message = unknown> = {
  watch(state: State, event: MachineEvent<Message> | undefined): string | undefined
}['watch']

/** Told of every step of a node: whether that may have changed what the invariants look at. */
export type ChangeWatch<State = unknown> = { changed(state: State): boolean }['changed']

export type KnobValue = number | boolean | string
/** Something of a protocol that can be chosen, as `--set name=value`. */
export interface Knob {
  readonly name: string
  readonly summary: string
  readonly default: KnobValue
  /** Where only some values make sense. */
  readonly values?: readonly KnobValue[] | undefined
  /** Values that a search tries as well, because mistakes hide behind the others. */
  readonly worthTrying?: readonly KnobValue[] | undefined
}

export interface ProtocolOptions {
  readonly bug?: string | undefined
  /** What is replicated, by its name; a register unless given. */
  readonly object?: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
}

export type PromisedLevel = 'linearizable' | 'sequential' | 'eventual'

/** A protocol as the registry lists it: everything help, docs, tests and hosts need to know. */
export interface ProtocolDefinition {
  readonly name: string
  readonly summary: string
  readonly defaultNodes: number
  /** The objects that it can replicate, by name. */
  readonly objects: readonly string[]
  /** What its clients can ask for, where that is not all that these objects can do. */
  readonly functions?: readonly string[] | undefined
  /** The strongest level it promises of an object under faults: what its end-to-end tests hold it to. */
  promises(object: string, knobs: ProtocolOptions['knobs']): PromisedLevel | 'none'
  /** Kinds of fault under which it promises nothing: a search leaves them out. */
  readonly notUnder?: readonly FaultPlan['kind'][] | undefined
  /** The knobs with which it promises most: where a search begins. */
  readonly strictest?: ProtocolOptions['knobs'] | undefined
  readonly knobs: readonly Knob[]
  readonly bugs: readonly Bug[]
  /** Whether its mistakes say by a `mark` when they make a difference: a run without one has not tried the mistake. */
  readonly marks?: boolean | undefined
  readonly invariants?: readonly Invariant[] | undefined
  /** One for each node of a run. The invariants are asked only after steps that it reports; absent: after every step. */
  readonly changes?: (() => ChangeWatch) | undefined
  create(options: ProtocolOptions): AnyMachine
}

/** What a file with a protocol of one's own exports by default: the name and the machine; the rest has defaults. */
export type ProtocolModule = Pick<ProtocolDefinition, 'name' | 'create'> &
  Partial<Omit<ProtocolDefinition, 'promises'>> & {
    /** One level, where it is the same of every object. */
    readonly promises?: PromisedLevel | 'none' | ProtocolDefinition['promises'] | undefined
  }

/** What a protocol of which nothing else is said replicates. */
export const DEFAULT_OBJECT = 'register'

export const promiseOf = (
  protocol: ProtocolDefinition,
  knobs: ProtocolOptions['knobs'],
  object: string = DEFAULT_OBJECT,
): PromisedLevel | 'none' => protocol.promises(object, knobs)
