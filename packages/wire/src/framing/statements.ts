/** What a protocol of SQL shows of its statements, so that faults can act on single ones. */
export interface Statements {
  /** Follows one connection. */
  reader(): StatementReader
  /** Why the protocol has no such error code; undefined if it has. */
  refusal(code: string): string | undefined
  /** How the client is told that a statement failed. */
  failure(options: FailureOptions): Failure
}

export interface FailureOptions {
  readonly code: string
  readonly message: string
  readonly statement: string
  /** The message that executes it. */
  readonly request: Buffer
}

/** `fatal`: an error after which the server ends the connection. */
export type Failure = { readonly kind: 'fatal'; readonly reply: Buffer } | Substitution

/** Another request in place of the statement, so that the server's transaction fails as the client is told. */
export interface Substitution {
  readonly kind: 'substitution'
  /** What the server gets instead. */
  readonly request: Buffer
  /** What the client gets in place of a message of the reply; empty for nothing. */
  reply(message: Buffer): Buffer
  /** Whether the message belongs to the failed request, so that the server must not get it. */
  skips(message: Buffer): boolean
  /** Whether a message of the reply ends one more exchange than the client asked for. */
  isSurplus(message: Buffer): boolean
}

/** Pairs the statements of one connection with their replies. */
export interface StatementReader {
  /** A message of the client, and the exchange it belongs to: a request and the whole reply to it, counted from 0. */
  asked(message: Buffer): { readonly exchange: number; readonly statement: string | undefined }
  /** A message of the client that is too long to be read, or was not read from its start. */
  askedUnread(firstByte: number): void
  /** A message of the server. */
  answered(message: Buffer): void
  /** The start of one, while replies are not read. */
  replyBegins(firstByte: number): void
  /** The exchange that the next message of the server belongs to. */
  readonly answering: number
  /** Whether replies have to be read, even if no fault is for them. */
  readonly awaitsReply: boolean
  /** Replies were not read until now: nothing is outstanding. */
  caughtUp(): void
}

/** As much of a statement as is read. */
export const MOST_STATEMENT_BYTES: number = 64 * 1024
/** Prepared statements remembered for each connection. */
const MOST_PREPARED = 10_000

/** Remembers a statement; forgets the oldest beyond the limit. */
export function remember<Key>(statements: Map<Key, string>, key: Key, statement: string): void {
  statements.delete(key)
  statements.set(key, statement)
  if (statements.size <= MOST_PREPARED) return
  for (const oldest of statements.keys()) {
    statements.delete(oldest)
    break
  }
}
