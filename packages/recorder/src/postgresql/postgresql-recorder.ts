import { Overwrites } from '@chaosproxy/history'
import { MAX_MESSAGE_BYTES, type RecordedServer, type ServerRecording } from '../spoken/conversation.ts'
import { postgresqlConversation } from './conversation.ts'
import { POSTGRESQL_NAMES, type PostgresqlSettings } from './settings.ts'
import type { Speech } from './speech.ts'

interface RecordedPostgresql extends RecordedServer {
  /**
   * Returns the application's request to which the client's current bytes belong. A comment in a statement may name a
   * different request.
   */
  readonly requestOf?: (() => string | undefined) | undefined
  /** `speech`: the protocol, by default PostgreSQL. `namedBy`: the parameter with which clients name themselves. */
  readonly speech?: Speech | undefined
  readonly namedBy?: string | undefined
}

/**
 * Records the operations of clients of PostgreSQL, or of a database whose messages `speech` converts to PostgreSQL's.
 */
export function recordPostgresql({
  recorder,
  node,
  maxMessageBytes = MAX_MESSAGE_BYTES,
  requestOf,
  speech,
  namedBy = POSTGRESQL_NAMES,
  commands,
  client,
  initial,
}: PostgresqlSettings & RecordedPostgresql): ServerRecording {
  recorder.clientsBy({ by: client ?? namedBy, named: true })
  if (commands.tables !== undefined && commands.indirect === undefined)
    recorder.note('unseen', commands.dialect === undefined ? UNSEEN : UNSEEN_BY_HAND)
  recorder.startsWith(typeof initial === 'object' ? initial : undefined)
  const overwrites = new Overwrites()
  return {
    client,
    open({ host, naming }) {
      const connection = recorder.connection({ node, client: host })
      const { now } = recorder
      return postgresqlConversation({
        connection,
        now,
        commands,
        naming,
        maxMessageBytes,
        overwrites,
        requestOf,
        speech,
      })
    },
  }
}

/** The remark for a mapping without `indirect`, which was not created from the database's catalogue. */
const UNSEEN = {
  what: 'a trigger, a rule, a cascade or a view',
  why: 'the mapping does not say which triggers, rules, cascades and views the database has. Create the mapping with chaos routes suggest postgres://user@host/database, or add "indirect":"none" to the mapping if statements change only the tables that they name',
}

const UNSEEN_BY_HAND = {
  what: UNSEEN.what,
  why: 'the mapping does not say which triggers, rules, cascades and views the database has. Add "indirect":"none" to the mapping if statements change only the tables that they name',
}
