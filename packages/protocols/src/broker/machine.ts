import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { createForwarding, takeTicket } from '../routing/forwarding.ts'
import { carryOut, handleDo, handleFetch, handleSettle, noteTaken } from './broker.ts'
import { askAgain, handleDid, handleFetched, handleRequest, handleSettled } from './gateway.ts'
import {
  type BrokerConfig,
  type BrokerMessage,
  type BrokerRecord,
  type BrokerState,
  mark,
  remember,
  type Turn,
} from './state.ts'
import { handleGot, handlePublish, noteDelivered, owe, owes, push, take } from './topics.ts'

export type BrokerMachine = StateMachine<BrokerState, BrokerMessage, BrokerRecord>

/**
 * Queues and topics on one broker, the first node; every node is a gateway through which clients produce and consume. A
 * queue's message goes to one consumer; a topic is a log that each consumer reads from its own offset, or any other object;
 * or it is pushed to every node, which has a copy of its own.
 */
export function createBroker(config: BrokerConfig): BrokerMachine {
  return {
    start(node, journal) {
      const turn: Turn = { config, state: createState(config, node), effects: [], steady: ZERO, receive }
      for (const record of journal) redo(turn, record)
      // At most once, nobody is told again.
      if (config.delivery === 'at-most-once') for (const pending of turn.state.subscribers.values()) pending.length = 0
      push(turn)
      // The mistake: who has produced what is kept in memory.
      if (config.bug === 'forget-producers' && turn.state.keys.size > 0) {
        mark(turn)
        turn.state.keys.clear()
      }
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
          if (event.timer === 'push') push(turn)
          else askAgain(turn)
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: (state) => ({
      role: state.id === state.broker ? 'broker' : 'gateway',
      leads: state.id === state.broker,
      leader: state.broker,
      ready: true,
      owes: owes(state),
    }),
  }
}

const ZERO = 0 as Turn['steady']

const createState = ({ object }: BrokerConfig, { id, peers, seed }: NodeSetting): BrokerState => ({
  id,
  broker: inOrder(id, peers)[0],
  life: seed,
  calls: new Map(),
  sending: createForwarding(seed),
  held: object.initial(),
  queues: new Map(),
  receiving: createForwarding(seed),
  keys: new Map(),
  receipts: new Map(),
  subscribers: new Map(inOrder(id, peers)[0] === id ? peers.map((peer) => [peer, []]) : []),
  published: 0,
  copy: object.initial(),
  got: new Map(),
  produced: 0,
  handedOut: 0,
  twice: undefined,
})

/** What is durable, after a restart. What was handed out and not settled is visible again. */
function redo(turn: Turn, record: BrokerRecord): void {
  switch (record.kind) {
    case 'taken':
      noteTaken(turn, record)
      return
    case 'delivered':
      noteDelivered(turn, record.subscriber, record.number)
      return
    case 'got':
      take(turn, record)
      return
    case 'did': {
      const { state } = turn
      takeTicket(state.receiving, record.from, record.ticket)
      const result = carryOut(turn, record.command)
      if (record.key !== undefined) remember(state.keys, record.key, result)
      owe(turn, record.command, result)
      return
    }
    default:
      record satisfies never
  }
}

function receive(turn: Turn, from: NodeId, message: BrokerMessage): void {
  switch (message.type) {
    case 'do':
      handleDo(turn, from, message)
      return
    case 'did':
      handleDid(turn, message)
      return
    case 'fetch':
      handleFetch(turn, from, message)
      return
    case 'fetched':
      handleFetched(turn, message)
      return
    case 'settle':
      handleSettle(turn, from, message)
      return
    case 'settled':
      handleSettled(turn, message)
      return
    case 'publish':
      handlePublish(turn, from, message)
      return
    case 'got':
      handleGot(turn, from, message)
      return
    default:
      message satisfies never
  }
}
