/** Reads the statements of an SQL protocol, and makes single statements fail. */
export interface Statements {
  /** Follows one connection. */
  reader(): StatementReader
  /** Returns why the protocol has no such error code; undefined if it has the code. */
  refusal(code: string): string | undefined
  /** Returns how to make a statement fail, and how to report the error to the client. */
  failure(options: FailureOptions): Failure
}

export interface FailureOptions {
  readonly code: string
  readonly message: string
  readonly statement: string
  /** The message that executes the statement. */
  readonly request: Buffer
}

/** How to make a statement fail. `fatal` is an error after which the server ends the connection. */
export type Failure = { readonly kind: 'fatal'; readonly reply: Buffer } | Substitution

/**
 * Another request that replaces the statement, so that the server's transaction fails in the way that the client is
 * told.
 */
export interface Substitution {
  readonly kind: 'substitution'
  /** The bytes that the server gets instead of the statement. */
  readonly request: Buffer
  /** Returns the bytes that the client gets in place of a message of the reply; empty for none. */
  reply(message: Buffer): Buffer
  /** Whether a message belongs to the failed request, so that the server must not get it. */
  skips(message: Buffer): boolean
  /** Whether a message of the reply ends an exchange that the client did not begin. */
  isSurplus(message: Buffer): boolean
}

/** Pairs the statements of one connection with their replies. */
export interface StatementReader {
  /**
   * Reads a message of the client. Returns the number of its exchange (a request and the whole reply to it), counted
   * from 0, and its statement.
   */
  asked(message: Buffer): { readonly exchange: number; readonly statement: string | undefined }
  /** Reports a message of the client that could not be read, because it is too long or because its start was missed. */
  askedUnread(firstByte: number): void
  /** Reads a message of the server. */
  answered(message: Buffer): void
  /** Reports that a message of the server begins. Called instead of `answered` while replies are not read. */
  replyBegins(firstByte: number): void
  /** The exchange to which the server's next message belongs. */
  readonly answering: number
  /** Whether replies must be read, even if no fault acts on them. */
  readonly awaitsReply: boolean
  /** Reports that all replies have arrived, after a time in which replies were not read. */
  caughtUp(): void
}

/** The most bytes of a statement that are read. */
export const MOST_STATEMENT_BYTES: number = 64 * 1024
/** The most prepared statements remembered for each connection. */
const MOST_PREPARED = 10_000

/** Remembers a statement. Forgets the oldest statement beyond the limit. */
export function remember<Key>(statements: Map<Key, string>, key: Key, statement: string): void {
  statements.delete(key)
  statements.set(key, statement)
  if (statements.size <= MOST_PREPARED) return
  for (const oldest of statements.keys()) {
    statements.delete(oldest)
    break
  }
}
