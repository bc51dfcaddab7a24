import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Json, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { draw, type Generator } from '../generator.ts'
import type { Effect } from '../machine.ts'
import { ok, refused, unavailable, unsupported } from '../objects/object.ts'
import { ownerOf } from '../owner.ts'
import { DONE_BEFORE, type Operation, type Planner, type Refusal, type Values } from './items.ts'

// What the coordinators of two-phase and three-phase commit share: which transaction a request becomes, and how it is
// tried again when an item was locked.

const SHORTEST_BACKOFF_MS = 1
const LONGEST_BACKOFF_MS = 12
/** Requests that are open or wait to be tried again. */
const OPEN_LIMIT = 10_000

/** A request and its number of attempts, this one included. */
export interface Attempt {
  readonly requestId: string
  readonly command: Command
  readonly attempt: number
}

interface Coordinator {
  readonly config: { readonly planner: Planner; readonly attempts: number }
  readonly state: {
    readonly id: NodeId
    readonly nodes: readonly [NodeId, ...NodeId[]]
    readonly life: number
    readonly generator: Generator
    readonly open: ReadonlyMap<string, unknown>
    begun: number
    again: readonly Attempt[]
  }
  readonly effects: { push(effect: Effect<never, never>): unknown }
}

interface Transaction {
  readonly name: string
  /** What each node that votes has to do. */
  readonly parts: ReadonlyMap<NodeId, readonly Operation[]>
}

/** The transaction for a request; undefined if it was refused. `voters` vote even if they hold none of the items. */
export function transactionFor(
  turn: Coordinator,
  { requestId, command }: Attempt,
  voters: readonly NodeId[] = [],
): Transaction | undefined {
  const { state, config } = turn
  const plan = config.planner(command.input)
  if (plan === undefined || state.open.size + state.again.length >= OPEN_LIMIT) {
    reply(turn, requestId, plan === undefined ? unsupported : unavailable)
    return undefined
  }
  const parts = new Map<NodeId, Operation[]>(voters.map((node) => [node, []]))
  for (const operation of plan.operations) {
    const holder = ownerOf(state.nodes, operation.item)
    parts.set(holder, [...(parts.get(holder) ?? []), operation])
  }
  return { name: `${state.id}-${state.life}-${++state.begun}`, parts }
}

/** The reply once every node has voted yes. */
export function answerOf({ config }: Coordinator, command: Command, votes: ReadonlyMap<NodeId, Values>): Completion {
  const plan = config.planner(command.input)
  return ok(plan?.answer(new Map<string, Json>([...votes.values()].flat())) ?? null)
}

/** The reply once a node has voted no; undefined if the request should be tried later. */
export function answerToNo(
  { config }: Coordinator,
  { command, attempt }: Attempt,
  refusal: Refusal,
): Completion | undefined {
  if (refusal === DONE_BEFORE) return ok(command.input.value)
  if (refusal !== 'locked') return refusal
  return attempt >= config.attempts ? refused('conflict') : undefined
}

/** A node with a locked item votes no instead of waiting, so transactions cannot wait for each other in a circle. */
export function tryLater({ state, effects }: Coordinator, { requestId, command, attempt }: Attempt): void {
  if (state.again.length === 0) {
    const afterMs = millis(SHORTEST_BACKOFF_MS + draw(state.generator) * (LONGEST_BACKOFF_MS - SHORTEST_BACKOFF_MS))
    effects.push({ type: 'setTimer', timer: 'again', afterMs })
  }
  state.again = [...state.again, { requestId, command, attempt: attempt + 1 }]
}

/** All requests that wait, which then wait no longer. */
export function takeWaiting({ state }: Coordinator): readonly Attempt[] {
  const waiting = state.again
  state.again = []
  return waiting
}

export const reply = ({ effects }: Pick<Coordinator, 'effects'>, requestId: string, result: Completion): void => {
  effects.push({ type: 'reply', requestId, result })
}
