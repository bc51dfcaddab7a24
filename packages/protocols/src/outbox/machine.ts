import type { NodeId } from '@chaosproxy/faults'
import { commandOf } from '../command.ts'
import type { NodeSetting, StateMachine } from '../machine.ts'
import { inOrder } from '../owner.ts'
import { createForwarding, takeTicket } from '../routing/forwarding.ts'
import { checkCalls, handleAnswer, handleCommitted, handlePublished, handleRequest } from './app-server.ts'
import { handleCommit, handleReceived, relay } from './database.ts'
import { handleEvents, handlePublish, handleQuery } from './queue.ts'
import type { OutboxConfig, OutboxMessage, OutboxRecord, OutboxState, Turn } from './state.ts'

export type OutboxMachine = StateMachine<OutboxState, OutboxMessage, OutboxRecord>

/**
 * A database, and a queue that tells others what has changed in it. The first node is the database and answers its clients
 * from there; the second one is the queue, with a view made of its events, from which all other nodes answer. Both are to
 * have the same in the end.
 */
export function createOutbox(config: OutboxConfig): OutboxMachine {
  return {
    start(node, journal) {
      const turn: Turn = { config, state: createState(config, node), effects: [], steady: ZERO, receive }
      for (const record of journal) redo(turn, record)
      relay(turn)
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
          if (event.timer === 'relay') relay(turn)
          else checkCalls(turn)
          break
        default:
          event satisfies never
      }
      return turn
    },
    status: ({ id, database, queue, outbox }) => ({
      role: id === database ? 'database' : id === queue ? 'queue' : 'app server',
      leads: id === database,
      leader: database,
      ready: true,
      owes: outbox.length > 0,
    }),
  }
}

const ZERO = 0 as Turn['steady']

function createState({ object }: OutboxConfig, { id, peers, seed }: NodeSetting): OutboxState {
  const [database, queue = database] = inOrder(id, peers)
  return {
    id,
    database,
    queue,
    life: seed,
    calls: new Map(),
    toDatabase: createForwarding(seed),
    toQueue: createForwarding(seed),
    stored: object.initial(),
    commits: createForwarding(seed),
    outbox: [],
    sent: 0,
    viewed: object.initial(),
    publications: createForwarding(seed),
    received: 0,
  }
}

/** What is durable, after a restart. */
function redo({ state, config }: Turn, record: OutboxRecord): void {
  const { object } = config
  switch (record.kind) {
    case 'commit':
      object.apply(state.stored, record.command.input)
      takeTicket(state.commits, record.from, record.ticket)
      if (record.event) state.outbox.push(record.command)
      return
    case 'event':
      state.outbox.push(record.command)
      return
    case 'sent':
      state.outbox.splice(0, record.upTo - state.sent)
      state.sent = record.upTo
      return
    case 'received':
      object.apply(state.viewed, record.command.input)
      state.received++
      return
    case 'published':
      object.apply(state.viewed, record.command.input)
      takeTicket(state.publications, record.from, record.ticket)
      return
    default:
      record satisfies never
  }
}

function receive(turn: Turn, from: NodeId, message: OutboxMessage): void {
  switch (message.type) {
    case 'commit':
      handleCommit(turn, from, message)
      return
    case 'committed':
      handleCommitted(turn, message)
      return
    case 'publish':
      handlePublish(turn, from, message)
      return
    case 'published':
      handlePublished(turn, message)
      return
    case 'events':
      handleEvents(turn, from, message)
      return
    case 'received':
      handleReceived(turn, message)
      return
    case 'query':
      handleQuery(turn, from, message)
      return
    case 'answer':
      handleAnswer(turn, message)
      return
    default:
      message satisfies never
  }
}
