import { Catalogue } from '../catalogue/catalogue.ts'
import { describedCatalogue } from '../catalogue/described.ts'
import type { SessionFacts } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import { Store } from '../storage/store.ts'
import { createTypes } from '../types/types.ts'
import { Witness } from '../witness/witness.ts'
import { Connection } from './connection.ts'
import { Notifications } from './notifications.ts'
import type { Server } from './server.ts'
import type { Engine, EngineOptions, Session, SessionListener } from './session.ts'

/** The process id of the first session. Background processes of the server have smaller ids. */
const FIRST_PID = 101

/** Creates a PostgreSQL server with an empty database. The parser must be loaded before. */
export function createEngine(options: EngineOptions): Engine {
  const types = createTypes()
  const store = new Store(options)
  const catalogue = new Catalogue(types)
  const facts: SessionFacts = {
    types,
    calculator: options.calculator,
    setting: (name) => options.settings?.get(name),
    now: () => options.time.now(),
    clock: () => options.time.now(),
    statementStart: () => options.time.now(),
    random: options.random,
    user: 'postgres',
    database: 'postgres',
    pid: 0,
    functions: new Map(),
  }
  const server: Server = {
    options,
    store,
    catalogue,
    notifications: new Notifications(),
    connections: new Map(),
    plans: new Map(),
    routinePlans: new WeakMap(),
    facts,
    isStandby: false,
    witness: options.watch && new Witness(options.watch, catalogue),
  }
  return engineOf(server)
}

function engineOf(server: Server): Engine {
  const { store, catalogue } = server
  let nextPid = FIRST_PID
  const endAll = (): void => {
    for (const connection of [...server.connections.values()]) connection.end()
  }
  return {
    types: catalogue.types,
    catalogue: () => describedCatalogue(catalogue),
    connect(startup: ReadonlyMap<string, string>, listener: SessionListener): Session {
      const pid = nextPid++
      const connection = new Connection(server, pid, startup, listener)
      server.connections.set(pid, connection)
      return connection
    },
    cancel(pid, secret) {
      const connection = server.connections.get(pid)
      if (connection?.secret === secret)
        connection.interrupt(new SqlError('57014', 'canceling statement due to user request'))
    },
    witnessed: (grouping) => server.witness?.witnessed(grouping),
    crash() {
      endAll()
      store.begunAt = store.time.now()
      // A crash loses no commits of a standby, because the standby resumes the replay at its position.
      return server.isStandby ? 0 : store.log.crash()
    },
    position: () => store.log.flushedOf(store.commits),
    standby({ time, random, received, replayed }) {
      const own = new Store({ time, random, replayed })
      store.log.standby = { received, horizon: () => own.horizon() }
      const settings = new Map([...(server.options.settings ?? []), ['in_hot_standby', 'on'] as const])
      return engineOf({
        ...server,
        options: {
          time,
          random,
          settings,
          shuffles: server.options.shuffles ?? true,
          calculator: server.options.calculator,
        },
        store: own,
        notifications: new Notifications(),
        connections: new Map(),
        isStandby: true,
        witness: undefined,
      })
    },
    promote(position) {
      endAll()
      return store.log.promote(position)
    },
  }
}
