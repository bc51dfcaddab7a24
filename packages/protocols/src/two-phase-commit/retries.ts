import type { NodeId } from '@chaosproxy/faults'
import { type Completion, type Json, type Millis, millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { createGenerator, draw, type Generator } from '../generator.ts'
import type { NodeSetting } from '../machine.ts'
import { inOrder, ownerOf } from '../members.ts'
import { ok, refused, unavailable, unsupported } from '../objects/object.ts'
import type { TransactionConfig } from './config.ts'
import { DONE_BEFORE, type Held, type Operation, type Refusal, type Values } from './items.ts'

// What the coordinators of two-phase and three-phase commit share: retries above all.

const SHORTEST_BACKOFF_MS = 1
const LONGEST_BACKOFF_MS = 12
/** The largest number of requests, with those to retry. */
const OPEN_LIMIT = 10_000

/** A request and its attempts so far. */
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
  /** All nodes in order, by which items are assigned. */
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
  reply(requestId: string, result: Completion): void
  setTimer(timer: 'again', afterMs: Millis): void
}

interface Transaction {
  readonly name: string
  readonly parts: ReadonlyMap<NodeId, readonly Operation[]>
}

export interface Placing {
  /** These vote even without an item. */
  readonly voters?: readonly NodeId[]
  /** Returns an operation's node and form, if known. */
  readonly place?: (operation: Operation) => { readonly holder: NodeId; readonly operation: Operation } | undefined
}

/**
 * Returns the transaction for a request, unless it is refused or retried. `place` finds an item's node, by default
 * through a hash.
 */
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

/** Answers a request after a no, or tries it again. */
export function answerToNo(turn: CoordinatorTurn, attempted: Attempt, refusal: Refusal): void {
  const { requestId, command, attempt } = attempted
  if (refusal === DONE_BEFORE) turn.reply(requestId, ok(command.input.value))
  else if (refusal !== 'locked') turn.reply(requestId, refusal)
  else if (attempt >= turn.config.attempts) turn.reply(requestId, refused('conflict'))
  else tryLater(turn, attempted)
}

/** Tries again later. A locked item is a no instead of a wait, so transactions cannot deadlock. */
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
