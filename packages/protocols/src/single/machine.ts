import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import { createGenerator } from '../generator.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { createStation } from '../station.ts'
import { awaitCalls, handleBusy, handleDid, handleRequest, lookAtCalls } from './app-server.ts'
import { createBreaker } from './breaker.ts'
import { handleDo, handleServed, redo } from './database.ts'
import type { SingleConfig, SingleMessage, SingleRecord, SingleState, Turn } from './state.ts'

export type SingleMachine = StateMachine<SingleState, SingleMessage, SingleRecord>

/**
 * App servers on one database, as most systems begin. The first node is the database; every node is an app server, which
 * asks it on behalf of its clients. What an app server does when no answer comes decides what the system promises.
 */
export function createSingle(config: SingleConfig): SingleMachine {
  return {
    start(node, journal) {
      const turn: Turn = { config, state: createState(config, node), effects: [], steady: ZERO, receive }
      for (const record of journal) redo(turn, record)
      return turn
    },
    step(state, event, _now, steady) {
      const turn: Turn = { config, state, effects: [], steady, receive }
      switch (event.type) {
        case 'request':
          handleRequest(turn, event.requestId, commandOf(event))
          break
        case 'message':
          receive(turn, event.from, event.message)
          break
        case 'timer':
          if (event.timer === 'served') handleServed(turn)
          else lookAtCalls(turn)
          break
        default:
          event satisfies never
      }
      awaitCalls(turn)
      return turn
    },
    status: ({ id, database }) => ({
      role: id === database ? 'database' : 'app server',
      leads: id === database,
      leader: database,
      ready: true,
    }),
  }
}

const ZERO = 0 as Turn['steady']

function createState({ object }: SingleConfig, { id, peers, seed }: NodeSetting): SingleState {
  return {
    id,
    database: inOrder(id, peers)[0],
    life: seed,
    generator: createGenerator(seed),
    calls: new Map(),
    sending: createForwarding(seed),
    breaker: createBreaker(),
    retryTokens: 0,
    known: new Map(),
    held: object.initial(),
    receiving: createForwarding(seed),
    keys: new Map(),
    station: createStation(),
    effects: new Set(),
    wrong: undefined,
  }
}

function receive(turn: Turn, from: NodeId, message: SingleMessage): void {
  switch (message.type) {
    case 'do':
      handleDo(turn, from, message)
      return
    case 'did':
      handleDid(turn, message)
      return
    case 'busy':
      handleBusy(turn, message)
      return
    default:
      message satisfies never
  }
}
