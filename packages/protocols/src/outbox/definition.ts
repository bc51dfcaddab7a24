import type { ProtocolDefinition } from '../definition.ts'
import { objects } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createOutbox } from './machine.ts'

export const outbox: ProtocolDefinition = defineProtocol({
  name: 'outbox',
  weakness: ({ write = 'outbox' }) =>
    write === 'outbox'
      ? 'reads show a view that is built from the queue, and lags behind the database'
      : 'the database and the queue are written one after the other, so a crash in between loses the second write; reads show what came through the queue',
  summary: 'a database and a queue that should agree, kept in step by an outbox in the database or by dual writes',
  defaultNodes: 3,
  // Objects without read operations are left out. Reads use the view, and changes use the database. A request that both
  // reads and changes would have to use both in one step.
  objects: objects.filter(({ reads }) => reads.length > 0).map(({ name }) => name),
  settings: {
    write: {
      summary: 'how the queue learns of a write: from an outbox in the database, or by a dual write in either order',
      default: 'outbox',
      values: ['outbox', 'database-then-queue', 'queue-then-database'],
    },
    'request-timeout-ms': { summary: 'how long an app server waits for an answer', default: 500 },
    'relay-ms': { summary: 'how often the relay repeats events that were not confirmed', default: 20 },
  },
  bugs: {
    'outbox-apart': bug("the event is stored in its own transaction, after the effect's", ['kill'], {
      workload: 'counter',
    }),
    'outbox-in-memory': bug('events wait in memory for the relay, so a restart forgets them', ['kill', 'partition'], {
      workload: 'counter',
    }),
    'forget-on-send': bug(
      'the relay forgets an event once it is sent, whether it arrives or not',
      ['loss', 'partition', 'kill'],
      { workload: 'counter' },
    ),
    'apply-repeats': bug('the consumer applies every event, duplicates included', ['delay', 'partition'], {
      workload: 'counter',
    }),
  },
  promises: (_, { write = 'outbox' }) => (write === 'outbox' ? 'eventual' : 'none'),
  create: createOutbox,
})
