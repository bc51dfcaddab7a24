import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { remember } from '../memory.ts'
import { createForwarding, takeTicket } from '../routing/forwarding.ts'
import { brokerMessages, carryOut, noteTaken } from './broker.ts'
import { askAgain, gatewayMessages, handleRequest } from './gateway.ts'
import type { Broker } from './state.ts'
import { noteDelivered, owe, owes, push, take, topicMessages } from './topics.ts'

/**
 * Queues and topics on one broker, the first node. Every node is a gateway for clients. A queue delivers each message
 * to one consumer. A topic is a log or any other object; with `topics=push`, every node has a copy.
 */
export const createBroker: MachineMaker<Broker> = defineMachine<Broker>({
  initial: ({ id, peers, seed }, { object }) => ({
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
  }),
  redo(turn, record) {
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
  },
  begin(turn) {
    const { state, config } = turn
    // At most once: no message is sent again.
    if (config.delivery === 'at-most-once') for (const pending of state.subscribers.values()) pending.length = 0
    push(turn)
    // The bug: requests of producers are remembered only in memory.
    if (state.keys.size > 0 && turn.suffers('forget-producers')) {
      state.keys.clear()
    }
  },
  request: supported(handleRequest),
  messages: {
    ...brokerMessages,
    ...gatewayMessages,
    ...topicMessages,
  },
  timers: { push, again: askAgain },
  status: (state) => ({
    role: state.id === state.broker ? 'broker' : 'gateway',
    leads: state.id === state.broker,
    leader: state.broker,
    ready: true,
    owes: owes(state),
  }),
})
