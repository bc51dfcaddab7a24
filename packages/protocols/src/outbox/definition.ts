import type { ProtocolDefinition } from '../definition.ts'
import { objects } from '../objects/registry.ts'
import { bug, defineProtocol } from '../options.ts'
import { createOutbox } from './machine.ts'
import { settings } from './state.ts'

export const outbox: ProtocolDefinition = defineProtocol({
  name: 'outbox',
  weakness: ({ write = 'outbox' }) =>
    write === 'outbox'
      ? 'reads show a view that is built from the queue, and lags behind the database'
      : 'the database and the queue are written one after the other, so a crash in between loses the second write; reads show what came through the queue',
  summary: 'a database and a queue that should agree, kept in step by an outbox in the database or by dual writes',
  defaultNodes: 3,
  // Objects without read operations are left out. Each request to such an object would have to change both the view and
  // the database in one step.
  objects: objects.filter(({ reads }) => reads.length > 0).map(({ name }) => name),
  settings,
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
