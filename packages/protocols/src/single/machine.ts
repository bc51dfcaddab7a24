import { defineMachine, type MachineMaker, supported } from '../define-machine.ts'
import { createGenerator } from '../generator.ts'
import { inOrder } from '../members.ts'
import { valueIn } from '../objects/object.ts'
import { createForwarding } from '../routing/forwarding.ts'
import { createStation } from '../station.ts'
import { appServerMessages, awaitCalls, handleRequest, lookAtCalls } from './app-server.ts'
import { createBreaker } from './breaker.ts'
import { handleDo, handleServed, redo } from './database.ts'
import type { Single } from './state.ts'

/**
 * App servers on one database, the initial form of most systems. The first node is the database; every node is an app
 * server. The promise of the system depends on how an app server reacts to a missing answer.
 */
export const createSingle: MachineMaker<Single> = defineMachine<Single>({
  initial: ({ id, peers, seed }, { object }) => ({
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
  }),
  redo,
  request: supported(handleRequest),
  messages: {
    do: handleDo,
    ...appServerMessages,
  },
  timers: { served: handleServed, calls: lookAtCalls },
  after: awaitCalls,
  status: ({ id, database }) => ({
    role: id === database ? 'database' : 'app server',
    leads: id === database,
    leader: database,
    ready: true,
  }),
  holds: ({ id, database, held }, read, { object }) => (id === database ? valueIn(object, held, read) : undefined),
})
