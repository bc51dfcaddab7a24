import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { inOrder } from '../members.ts'
import { valueIn } from '../objects/object.ts'
import { createForwarding, takeTicket } from '../routing/forwarding.ts'
import { appServerMessages, checkCalls, handleRequest } from './app-server.ts'
import { databaseMessages, relay } from './database.ts'
import type { Outbox } from './state.ts'

/**
 * A database, and a queue that publishes its changes. The first node is the database, which answers its own clients.
 * The second node is the queue, with a view built from its events; clients of all other nodes read the view. The
 * database and the view should eventually have the same content.
 */
export const createOutbox: MachineMaker<Outbox> = defineMachine<Outbox>({
  initial({ id, peers, seed }, { object }) {
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
  },
  redo({ state, config }, record) {
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
  },
  begin: relay,
  request: supported(handleRequest),
  messages: {
    ...databaseMessages,
    ...appServerMessages,
  },
  timers: { relay, calls: checkCalls },
  status: ({ id, database, queue, outbox }) => ({
    role: id === database ? 'database' : id === queue ? 'queue' : 'app server',
    leads: id === database,
    leader: database,
    ready: true,
    owes: outbox.length > 0,
  }),
  holds({ id, database, queue, stored, viewed }, read, { object }) {
    if (id === database) return valueIn(object, stored, read)
    return id === queue ? valueIn(object, viewed, read) : undefined
  },
})
