import type { Nanos } from '@chaosproxy/history'
import { type Framing, postgresql } from '@chaosproxy/wire'
import { type BackendMessage, type FrontendMessage, readBackend, readFrontend } from '@chaosproxy/wire/postgresql'
import type { PostgresqlSettings } from './settings.ts'

/** How the messages of a database become those of PostgreSQL, by which statements and their answers are followed. */
export interface Speech {
  /** The database, for remarks. */
  readonly name: string
  readonly framing: Framing
  open(ends: SpeechEnds): Dialogue
}

/** Where messages go, in the order in which a client and a server of PostgreSQL would have sent them. */
export interface SpeechEnds {
  readonly asks: (message: FrontendMessage) => void
  readonly answers: (message: BackendMessage) => void
  /** Later bytes cannot be understood. */
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
