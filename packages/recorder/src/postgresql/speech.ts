import type { Nanos } from '@chaosproxy/history'
import { type Framing, postgresql } from '@chaosproxy/wire'
import { type BackendMessage, type FrontendMessage, readBackend, readFrontend } from '@chaosproxy/wire/postgresql'
import type { PostgresqlSettings } from './settings.ts'

/** Converts the messages of a database to PostgreSQL's, from which statements and answers are then recorded. */
export interface Speech {
  /** The name of the database, for remarks. */
  readonly name: string
  readonly framing: Framing
  open(ends: SpeechEnds): Dialogue
}

/** Receives the converted messages, in the order in which a PostgreSQL client and server would have sent them. */
export interface SpeechEnds {
  readonly asks: (message: FrontendMessage) => void
  readonly answers: (message: BackendMessage) => void
  /** Called if later bytes cannot be parsed. */
  readonly lost: (what: string) => void
  readonly now: () => Nanos
  readonly commands: PostgresqlSettings['commands']
}

/** The messages of one connection. Their bytes are borrowed. */
export interface Dialogue {
  /** @throws MalformedMessage */
  asked(frame: Buffer): void
  /** @throws MalformedMessage */
  answered(frame: Buffer): void
}

export const postgresqlSpeech: Speech = {
  name: 'PostgreSQL',
  framing: postgresql,
  open: ({ asks, answers }) => ({
    asked: (frame) => asks(readFrontend(frame)),
    answered: (frame) => answers(readBackend(frame)),
  }),
}
