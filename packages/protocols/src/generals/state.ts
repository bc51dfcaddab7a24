import type { NodeId } from '@chaosproxy/faults'
import type { Input, Millis } from '@chaosproxy/history'
import type { Generator } from '../generator.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, Turn, Types } from '../turn.ts'

interface GeneralsConfig extends Subject {
  readonly messages: 'oral' | 'signed'
  readonly traitor: 'none' | 'commander' | 'lieutenant'
  /**
   * The longest delay of a message. A general waits twice this time, and takes a message that has not arrived by then
   * as never sent.
   */
  readonly roundMs: Millis
}

/** The commander's order, and the request it came from. */
export interface Order {
  readonly input: Input
  readonly origin: { readonly node: NodeId; readonly requestId: string }
}

/** A simulated signature, which cannot be forged. */
export interface Signature {
  readonly by: NodeId
  readonly under: string
}

export type GeneralsMessage = MessagesOf<{
  request: { order: Order; ticket: Ticket }
  /** An order from the commander, or relayed by a lieutenant. */
  order: {
    battle: number
    order: Order
    signatures: readonly Signature[]
  }
}>

/** What the generals decide: an order, or null for "retreat". A retreat leaves the replicated object unchanged. */
export type Decision = Order | null

type GeneralsRecord = { readonly battle: number; readonly decision: Decision }

export interface Battle {
  /** Oral messages: the order that the commander sent to this general. */
  own: Decision
  /** Oral messages: the order that each lieutenant claims to have received. */
  readonly heard: Map<NodeId, Decision>
  /** Signed messages: all orders that the commander has signed, by their text. */
  readonly signed: Map<string, Order>
}

export interface GeneralsState {
  readonly id: NodeId
  /** All participants, the commander first. */
  readonly generals: readonly NodeId[]
  readonly isLoyal: boolean
  readonly generator: Generator
  readonly forwarding: Forwarding
  /** The object's state after the first `applied` decisions. */
  held: unknown
  applied: number
  readonly decided: (Decision | undefined)[]
  readonly battles: Map<number, Battle>
}

export type Generals = Types<GeneralsConfig, GeneralsState, GeneralsMessage, GeneralsRecord, `battle ${number}`>
export type GeneralsTurn = Turn<Generals>
