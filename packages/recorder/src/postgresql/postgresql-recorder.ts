import { MAX_MESSAGE_BYTES, type RecordedServer, type ServerRecording } from '../spoken/conversation.ts'
import { PostgresqlConversation } from './conversation.ts'
import { Overwrites } from './overwrites.ts'
import { POSTGRESQL_NAMES, type PostgresqlSettings } from './settings.ts'

/** A server that is recorded. */
interface RecordedPostgresql extends RecordedServer {
  /** The application's request that the bytes which the client sends now are for, if that is known; else comments tell. */
  readonly requestOf?: (() => string | undefined) | undefined
}

/** Records the operations of clients of PostgreSQL. */
export function recordPostgresql({
  recorder,
  node,
  maxMessageBytes = MAX_MESSAGE_BYTES,
  requestOf = () => undefined,
  commands,
  client,
  initial,
}: PostgresqlSettings & RecordedPostgresql): ServerRecording {
  recorder.clientsBy({ by: client ?? POSTGRESQL_NAMES, named: true })
  if (commands.tables !== undefined && commands.indirect === undefined) recorder.note('unseen', UNSEEN)
  recorder.startsWith(typeof initial === 'object' ? initial : undefined)
  const overwrites = new Overwrites()
  return {
    client,
    open({ host, naming }) {
      const connection = recorder.connection({ node, client: host })
      const now = () => recorder.now()
      return new PostgresqlConversation({ connection, now, commands, naming, maxMessageBytes, overwrites, requestOf })
    },
  }
}

/** A mapping by hand: nobody has looked at the catalogue. */
const UNSEEN = {
  what: 'a trigger, a rule, a cascade or a view',
  why: 'which of them the database has is not known. Let chaos routes suggest postgres://user@host/database write the mapping, or add "indirect":"none" to it if only statements that name a recorded table change it',
}
