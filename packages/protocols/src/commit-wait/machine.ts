import { type Completion, millis } from '@chaosproxy/history'
import { commandOf } from '../command.ts'
import { createGenerator, draw } from '../generator.ts'
import type { StateMachine } from '../machine.ts'
import { UNKEYED, unavailable } from '../objects/object.ts'
import { inOrder, ownerOf } from '../owner.ts'
import { createForwarding, issueTicket, takeTicket } from '../routing/forwarding.ts'
import { add, serve, waited } from './owner.ts'
import type { Ask, CommitWaitConfig, CommitWaitMessage, CommitWaitRecord, CommitWaitState, Turn } from './state.ts'

export type CommitWaitMachine = StateMachine<CommitWaitState, CommitWaitMessage, CommitWaitRecord>

const SWEEP_MS = millis(100)
const ASKED_LIMIT = 10_000
const COMMIT = 'commit '

/**
 * Each key has one owner, which keeps its versions by the time of their writes. The node that a client asks is its gateway:
 * reads see the versions up to a time by the gateway's clock. Clocks differ by no more than they are said to, and that is
 * waited for, either by writers (commit-wait, as Spanner does with TrueTime) or by readers that look ahead (uncertainty
 * intervals, as CockroachDB does). Either way a read sees every write that was answered before it began, as long as the
 * clocks keep to ε. Of Spanner's groups of replicas only the leader is here.
 */
export function createCommitWait(config: CommitWaitConfig): CommitWaitMachine {
  return {
    start({ id, peers, seed }, journal, now) {
      const aheadMs = (2 * draw(createGenerator(seed)) - 1) * config.skewMs
      const state: CommitWaitState = {
        id,
        aheadMs,
        nodes: inOrder(id, peers),
        forwarding: createForwarding(seed),
        asked: new Map(),
        versions: new Map(),
        readAt: new Map(),
        waiting: new Map(),
        queued: new Map(),
      }
      for (const { key, version } of journal) add(state.versions, key, version)
      const turn: Turn = { config, state, effects: [], now: now + aheadMs }
      turn.effects.push({ type: 'setTimer', timer: 'sweep', afterMs: SWEEP_MS })
      return turn
    },
    step(state, event, trueNow) {
      const now = trueNow + state.aheadMs
      const turn: Turn = { config, state, effects: [], now }
      switch (event.type) {
        case 'request':
          handleRequest(turn, { requestId: event.requestId, gateway: state.id, command: commandOf(event), at: now })
          break
        case 'message':
          handleMessage(turn, event.from, event.message)
          break
        case 'timer':
          if (event.timer.startsWith(COMMIT)) waited(turn, event.timer.slice(COMMIT.length))
          else sweep(turn)
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: () => ({ role: 'owner', leads: false, ready: true }),
  }
}

function handleRequest(turn: Turn, ask: Ask): void {
  const { state, effects } = turn
  const { requestId, command } = ask
  if (state.asked.size >= ASKED_LIMIT) {
    effects.push({ type: 'reply', requestId, result: unavailable })
    return
  }
  state.asked.set(requestId, { command, sweeps: 0 })
  const owner = ownerOf(state.nodes, command.input.key ?? UNKEYED)
  if (owner === state.id) serve(turn, ask)
  else effects.push({ type: 'send', to: owner, message: { type: 'ask', ticket: issueTicket(state.forwarding), ask } })
}

function handleMessage(turn: Turn, from: string, message: CommitWaitMessage): void {
  const { state, effects } = turn
  if (message.type === 'ask') {
    // A duplicate would be carried out twice.
    if (takeTicket(state.forwarding, from, message.ticket)) serve(turn, message.ask)
  } else if (state.asked.delete(message.requestId))
    effects.push({ type: 'reply', requestId: message.requestId, result: message.result })
}

/** Answers may be lost. */
function sweep({ state, config, effects }: Turn): void {
  for (const [requestId, asked] of [...state.asked]) {
    asked.sweeps++
    if (asked.sweeps * SWEEP_MS <= config.requestTimeoutMs) continue
    state.asked.delete(requestId)
    effects.push({ type: 'reply', requestId, result: asked.command.input.f === 'read' ? unavailable : noAnswer })
  }
  effects.push({ type: 'setTimer', timer: 'sweep', afterMs: SWEEP_MS })
}

const noAnswer: Completion = { type: 'info', error: 'no answer from the owner of the key' }
