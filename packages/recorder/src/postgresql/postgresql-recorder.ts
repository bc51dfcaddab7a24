import { MAX_MESSAGE_BYTES, type RecordedServer, type ServerRecording } from '../spoken/conversation.ts'
import { PostgresqlConversation } from './conversation.ts'
import { Overwrites } from './overwrites.ts'
import { POSTGRESQL_NAMES, type PostgresqlSettings } from './settings.ts'

/** Records the operations of clients of PostgreSQL. */
export function recordPostgresql({
  recorder,
  node,
  maxMessageBytes = MAX_MESSAGE_BYTES,
  commands,
  client,
  initial,
}: PostgresqlSettings & RecordedServer): ServerRecording {
  recorder.clientsBy({ by: client ?? POSTGRESQL_NAMES, named: true })
  recorder.startsWith(typeof initial === 'object' ? initial : undefined)
  const overwrites = new Overwrites()
  return {
    client,
    open({ host, naming }) {
      const connection = recorder.connection({ node, client: host })
      const now = () => recorder.now()
      return new PostgresqlConversation({ connection, now, commands, naming, maxMessageBytes, overwrites })
    },
  }
}
