import { Catalogue } from '../catalogue/catalogue.ts'
import { describedCatalogue } from '../catalogue/described.ts'
import type { SessionFacts } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import { Store } from '../storage/store.ts'
import { createTypes } from '../types/types.ts'
import { Connection } from './connection.ts'
import type { Server } from './host.ts'
import { Notifications } from './notifications.ts'
import type { Engine, EngineOptions, Session, SessionListener } from './session.ts'

/** The process that listens has a number too. */
const FIRST_PID = 101

/** A PostgreSQL server with an empty database. Load the parser before. */
export function createEngine(options: EngineOptions): Engine {
  const types = createTypes()
  const store = new Store(options.time, options.random)
  const facts: SessionFacts = {
    types,
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
    catalogue: new Catalogue(types),
    notifications: new Notifications(),
    connections: new Map(),
    plans: new Map(),
    facts,
  }
  let nextPid = FIRST_PID
  return {
    types,
    catalogue: () => describedCatalogue(server.catalogue),
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
    crash() {
      for (const connection of [...server.connections.values()]) connection.end()
    },
  }
}
