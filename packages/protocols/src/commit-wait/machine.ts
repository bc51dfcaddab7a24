import { type Completion, millis } from '@chaosproxy/history'
import { commandOf } from '../command.ts'
import { defineMachine, type MachineMaker } from '../define-machine.ts'
import { createGenerator, draw } from '../generator.ts'
import { inOrder, ownerOf } from '../members.ts'
import { UNKEYED, unavailable } from '../objects/object.ts'
import { createForwarding, issueTicket, takeTicket } from '../routing/forwarding.ts'
import { add, serve, waited } from './owner.ts'
import { type Ask, type CommitWait, type CommitWaitTurn, timeHere } from './state.ts'

const SWEEP_MS = millis(100)
const PENDING_LIMIT = 10_000

/**
 * Each key has an owner, which stores its versions by time. The node that a client calls is its gateway: a read sees
 * the versions up to a time by the gateway's clock. Writers wait for the difference between clocks (commit-wait, as in
 * Spanner with TrueTime), or readers look ahead (uncertainty intervals, as in CockroachDB). So a read sees every write
 * that was answered before, as long as clocks keep to ε. Of Spanner's replica groups only the leader is modelled.
 */
export const createCommitWait: MachineMaker<CommitWait> = defineMachine<CommitWait>({
  initial: ({ id, peers, seed }, { skewMs }) => ({
    id,
    aheadMs: (2 * draw(createGenerator(seed)) - 1) * skewMs,
    nodes: inOrder(id, peers),
    forwarding: createForwarding(seed),
    pending: new Map(),
    versions: new Map(),
    readAt: new Map(),
    waiting: new Map(),
    queued: new Map(),
  }),
  redo: ({ state }, { key, version }) => add(state.versions, key, version),
  begin: (turn) => turn.setTimer('sweep', SWEEP_MS),
  request(turn, clientRequest) {
    const command = commandOf(clientRequest)
    handleRequest(turn, { requestId: clientRequest.requestId, gateway: turn.state.id, command, at: timeHere(turn) })
  },
  messages: {
    ask(turn, { ticket, ask }, from) {
      // The ticket shows whether the request is a duplicate. A duplicate must not be applied again.
      if (takeTicket(turn.state.forwarding, from, ticket)) serve(turn, ask)
    },
    answer(turn, { requestId, result }) {
      if (turn.state.pending.delete(requestId)) turn.reply(requestId, result)
    },
  },
  timers: { commit: waited, sweep },
  status: () => ({ role: 'owner', leads: false, ready: true }),
})

function handleRequest(turn: CommitWaitTurn, ask: Ask): void {
  const { state } = turn
  const { requestId, command } = ask
  if (state.pending.size >= PENDING_LIMIT) {
    turn.reply(requestId, unavailable)
    return
  }
  state.pending.set(requestId, { command, sweeps: 0 })
  const owner = ownerOf(state.nodes, command.input.key ?? UNKEYED)
  if (owner === state.id) serve(turn, ask)
  else turn.send(owner, { type: 'ask', ticket: issueTicket(state.forwarding), ask })
}

/** Answers requests that have waited too long, since the owner's answer may be lost. */
function sweep(turn: CommitWaitTurn): void {
  const { state, config } = turn
  for (const [requestId, pending] of [...state.pending]) {
    pending.sweeps++
    if (pending.sweeps * SWEEP_MS <= config.requestTimeoutMs) continue
    state.pending.delete(requestId)
    turn.reply(requestId, pending.command.input.f === 'read' ? unavailable : noAnswer)
  }
  turn.setTimer('sweep', SWEEP_MS)
}

const noAnswer: Completion = { type: 'info', error: 'no answer from the owner of the key' }
