import type { Nanos } from '@chaosproxy/history'
import { type Framing, postgresql } from '@chaosproxy/wire'
import { type BackendMessage, type FrontendMessage, readBackend, readFrontend } from '@chaosproxy/wire/postgresql'
import type { PostgresqlSettings } from './settings.ts'

/** Converts a database's messages to PostgreSQL's, which are then recorded. */
export interface Speech {
  readonly name: string
  readonly framing: Framing
  open(ends: SpeechEnds): Dialogue
}

/**
 * Receives PostgreSQL messages: those of a PostgreSQL connection, or those into which a `Speech` converts the messages
 * of another database.
 */
export interface SpeechEnds {
  readonly asks: (message: FrontendMessage) => void
  readonly answers: (message: BackendMessage) => void
  /** Called if the rest of the connection cannot be parsed. */
  readonly lost: (what: string) => void
  readonly now: () => Nanos
  readonly commands: PostgresqlSettings['commands']
}

/** Receives the messages of one connection. Their memory is borrowed, so bytes to keep must be copied. */
export interface Dialogue {
  /** @throws MalformedMessage */
  requested(frame: Buffer): void
  /** @throws MalformedMessage */
  answered(frame: Buffer): void
}

export const postgresqlSpeech: Speech = {
  name: 'PostgreSQL',
  framing: postgresql,
  open: ({ asks, answers }) => ({
    requested: (frame) => asks(readFrontend(frame)),
    answered: (frame) => answers(readBackend(frame)),
  }),
}
