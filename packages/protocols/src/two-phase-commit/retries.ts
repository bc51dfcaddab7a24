import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Json, type Millis, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { createGenerator, draw, type Generator } from '../generator.ts'
import type { NodeSetting } from '../machine.ts'
import { inOrder, ownerOf } from '../members.ts'
import { ok, refused, unavailable, unsupported } from '../objects/object.ts'
import type { TransactionConfig } from './config.ts'
import { DONE_BEFORE, type Held, type Operation, type Refusal, type Values } from './items.ts'

// This file contains what the coordinators of two-phase and three-phase commit have in common.

const SHORTEST_BACKOFF_MS = 1
const LONGEST_BACKOFF_MS = 12
/** The largest number of requests that are open or wait for a retry. */
const OPEN_LIMIT = 10_000

export interface Attempt {
  readonly requestId: string
  readonly command: Command
  readonly attempt: number
}

export const coordinatorAtFirst = ({ id, peers, seed }: NodeSetting): Held & Omit<Coordinator, 'open'> => ({
  id,
  nodes: inOrder(id, peers),
  life: seed,
  generator: createGenerator(seed),
  begun: 0,
  again: [],
  values: new Map(),
  locks: new Map(),
})

export interface Coordinator {
  readonly id: NodeId
  /** All nodes in order. An item is assigned to a node by position in this list. */
  readonly nodes: readonly [NodeId, ...NodeId[]]
  readonly life: number
  readonly generator: Generator
  readonly open: ReadonlyMap<string, unknown>
  begun: number
  again: readonly Attempt[]
}

interface CoordinatorTurn {
  readonly config: Pick<TransactionConfig, 'planner' | 'attempts'>
  readonly state: Coordinator
  send(
    to: NodeId,
    decision: { readonly type: 'decision'; readonly transaction: string; readonly commit: boolean },
  ): void
  reply(requestId: string, result: Completion): void
  setTimer(timer: 'again', afterMs: Millis): void
}

interface Transaction {
  readonly name: string
  readonly parts: ReadonlyMap<NodeId, readonly Operation[]>
}

export interface Placing {
  /** The nodes that vote even if they store none of the items. */
  readonly voters?: readonly NodeId[]
  /** Returns the node that stores the item of an operation, and the operation in the form that the node expects. */
  readonly place?: (operation: Operation) => { readonly holder: NodeId; readonly operation: Operation } | undefined
}

/** Returns the transaction for a request; undefined if the request was refused or will be retried. */
export function transactionFor(
  turn: CoordinatorTurn,
  attempted: Attempt,
  { voters = [], place = (operation) => ({ holder: ownerOf(turn.state.nodes, operation.item), operation }) }: Placing,
): Transaction | undefined {
  const { state, config } = turn
  const { requestId, command } = attempted
  const plan = config.planner(command.input)
  if (plan === undefined || state.open.size + state.again.length >= OPEN_LIMIT) {
    turn.reply(requestId, plan === undefined ? unsupported : unavailable)
    return undefined
  }
  const parts = new Map<NodeId, Operation[]>(voters.map((node) => [node, []]))
  for (const each of plan.operations) {
    const placed = place(each)
    if (placed === undefined) {
      answerToNo(turn, attempted, 'locked')
      return undefined
    }
    const { holder, operation } = placed
    parts.set(holder, [...(parts.get(holder) ?? []), operation])
  }
  return { name: `${state.id}-${state.life}-${++state.begun}`, parts }
}

export function answerOf(
  { config }: CoordinatorTurn,
  command: Command,
  votes: ReadonlyMap<NodeId, Values>,
): Completion {
  const plan = config.planner(command.input)
  return ok(plan?.answer(new Map<string, Json>([...votes.values()].flat())) ?? null)
}

export function answerToNo(turn: CoordinatorTurn, attempted: Attempt, refusal: Refusal): void {
  const { requestId, command, attempt } = attempted
  if (refusal === DONE_BEFORE) turn.reply(requestId, ok(command.input.value))
  else if (refusal !== 'locked') turn.reply(requestId, refusal)
  else if (attempt >= turn.config.attempts) turn.reply(requestId, refused('conflict'))
  else tryLater(turn, attempted)
}

/**
 * Schedules a later attempt. A node with a locked item votes no instead of waiting, so transactions cannot deadlock.
 */
function tryLater(turn: CoordinatorTurn, { requestId, command, attempt }: Attempt): void {
  const { state } = turn
  if (state.again.length === 0) {
    const spreadMs = LONGEST_BACKOFF_MS - SHORTEST_BACKOFF_MS
    turn.setTimer('again', millis(SHORTEST_BACKOFF_MS + draw(state.generator) * spreadMs))
  }
  state.again = [...state.again, { requestId, command, attempt: attempt + 1 }]
}

export function tryAgain<OfTurn extends CoordinatorTurn>(
  turn: OfTurn,
  begin: (turn: OfTurn, attempt: Attempt) => void,
): void {
  const waiting = turn.state.again
  turn.state.again = []
  for (const attempt of waiting) begin(turn, attempt)
}

/**
 * Sends a decision to nodes in order. In three-phase commit, this node is the first: its own record must be on its way
 * to the disk before any message is sent.
 */
export function sendOutcome(
  turn: CoordinatorTurn,
  transaction: string,
  participants: readonly NodeId[],
  commit: boolean,
): void {
  for (const node of participants) turn.send(node, { type: 'decision', transaction, commit })
}
