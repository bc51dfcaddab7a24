import { type Json, usageError } from '@chaosproxy/history'
import type { Framing } from '../framing/framing.ts'
import { MalformedMessage } from '../framing/malformed-message.ts'
import { readBackend } from './backend.ts'
import { encryption } from './encryption.ts'
import { readFrontend, writeFrontend } from './frontend.ts'
import type { BackendMessage, FrontendMessage } from './message.ts'
import { createPostgresqlScanner } from './postgresql-scanner.ts'
import { statements } from './statements.ts'

/** PostgreSQL's frontend/backend protocol, version 3. */
export const postgresql: Framing = {
  name: 'postgresql',
  scanner: (direction) => createPostgresqlScanner(direction),
  messageScanner: (direction) => createPostgresqlScanner(direction, 'earlier'),
  read(message) {
    const read = decoded(message, readBackend) ?? decoded(message, readFrontend)
    return read === undefined ? undefined : jsonOf(read)
  },
  write(value, direction) {
    if (direction === 'requests' && typeof value === 'string') return writeFrontend({ kind: 'query', sql: value })
    throw usageError('a PostgreSQL message must be a request, given as its SQL: "UPDATE kv SET value = 1"')
  },
  isHandshake: (message) => message[0] === 0 || message.length === 1 || HANDSHAKE.has(message[0] ?? 0),
  encryption,
  statements,
}

/** The types of login messages: credentials, Authentication and BackendKeyData. */
const HANDSHAKE: ReadonlySet<number> = new Set([...'pRK'].map((type) => type.charCodeAt(0)))

/**
 * Parses a message with the parser of one direction. A message of the other direction may have the same type byte, but
 * the parser fails, because the fields do not end where the message ends.
 */
function decoded<Message>(message: Buffer, read: (frame: Buffer) => Message): Message | undefined {
  try {
    return read(message)
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined
    throw error
  }
}

function jsonOf(message: FrontendMessage | BackendMessage): Json {
  return JSON.parse(
    JSON.stringify(message, (_, value: unknown) => {
      if (value !== null && typeof value === 'object' && 'type' in value && value.type === 'Buffer' && 'data' in value)
        return Buffer.from(value.data as readonly number[]).toString('utf8')
      return value
    }),
  ) as Json
}
