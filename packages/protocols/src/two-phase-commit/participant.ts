import type { NodeId } from '@chaosproxy/faults'
import { type Operation, perform } from './items.ts'
import { mark, type Prepared, persist, type Settled, send, type Turn, type TwoPhaseState } from './state.ts'

/** Transactions remembered, so that a late copy of a message does not begin one anew. */
const FINISHED_LIMIT = 10_000
/** With decide-on-timeout: after how many checks. */
const PATIENCE_CHECKS = 2

export function handlePrepare(turn: Turn, from: NodeId, transaction: string, operations: readonly Operation[]): void {
  const { state, config } = turn
  if (state.finished.has(transaction)) return
  const known = state.prepared.get(transaction)
  if (known !== undefined) {
    send(turn, from, { type: 'yes', transaction, read: known.read })
    return
  }
  const items = [...new Set(operations.map(({ item }) => item))]
  if (items.some((item) => state.locks.has(item))) {
    send(turn, from, { type: 'no', transaction, refusal: 'locked' })
    return
  }
  const outcome = perform(operations, state.values)
  if ('refusal' in outcome) {
    send(turn, from, { type: 'no', transaction, refusal: outcome.refusal })
    return
  }
  const prepared: Prepared = { coordinator: from, items, writes: [...outcome.writes], read: [...outcome.read] }
  hold(state, transaction, prepared)
  // The mistake: a restart forgets what was voted for.
  if (config.bug === 'forget-prepared') mark(turn)
  else persist(turn, { kind: 'prepared', transaction, prepared })
  // From here on only the coordinator can tell how it ends.
  send(turn, from, { type: 'yes', transaction, read: prepared.read })
}

export function hold({ prepared: all, locks, doubt }: TwoPhaseState, transaction: string, prepared: Prepared): void {
  all.set(transaction, prepared)
  doubt.set(transaction, 0)
  for (const item of prepared.items) locks.set(item, transaction)
}

export function handleDecision(turn: Turn, from: NodeId, transaction: string, commit: boolean): void {
  const { state } = turn
  if (state.prepared.has(transaction)) decide(turn, transaction, commit)
  else if (commit && !state.finished.has(transaction)) settle(state, { transaction, outcome: 'forgotten' })
  if (commit) send(turn, from, { type: 'done', transaction })
}

function decide(turn: Turn, transaction: string, commit: boolean): void {
  const { state } = turn
  const coordinator = state.prepared.get(transaction)?.coordinator
  finish(state, transaction, commit)
  persist(turn, { kind: 'finished', transaction, commit })
  // Where the coordinator is this node, its decision may not be durable yet, and then nobody has heard of it.
  if (!commit || coordinator !== state.id) settle(state, { transaction, outcome: commit ? 'commit' : 'abort' })
}

export function finish(state: TwoPhaseState, transaction: string, commit: boolean): void {
  const { values, locks, prepared: all, doubt, finished } = state
  const prepared = all.get(transaction)
  if (commit) for (const [item, value] of prepared?.writes ?? []) values.set(item, value)
  for (const item of prepared?.items ?? []) if (locks.get(item) === transaction) locks.delete(item)
  all.delete(transaction)
  doubt.delete(transaction)
  finished.add(transaction)
  const [oldest] = finished
  if (finished.size > FINISHED_LIMIT && oldest !== undefined) finished.delete(oldest)
}

function settle(state: TwoPhaseState, settled: Settled): void {
  state.settled = [...state.settled, settled]
}

/** Whoever voted yes and hears nothing asks the coordinator, and is blocked until it answers. */
export function checkDoubts(turn: Turn): void {
  const { state, config } = turn
  for (const [transaction, checks] of [...state.doubt]) {
    state.doubt.set(transaction, checks + 1)
    const coordinator = state.prepared.get(transaction)?.coordinator
    if (checks === 0 || coordinator === undefined) continue
    if (config.bug === 'decide-on-timeout' && checks >= PATIENCE_CHECKS) {
      // The mistake: rather than be blocked, it takes no answer for an abort.
      mark(turn)
      decide(turn, transaction, false)
    } else send(turn, coordinator, { type: 'inquire', transaction })
  }
}
