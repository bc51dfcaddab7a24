/** Reads the statements of an SQL protocol, and makes single statements fail. */
export interface Statements {
  /** Follows one connection. */
  reader(): StatementReader
  /** Returns why this error code cannot be injected; undefined if it can. */
  refusal(code: string): string | undefined
  /** Returns how to make a statement fail and report the error. */
  failure(options: FailureOptions): Failure
}

export interface FailureOptions {
  readonly code: string
  readonly message: string
  readonly statement: string
  readonly request: Buffer
}

/** How to make a statement fail. After a `fatal` error, the server ends the connection. */
export type Failure = { readonly kind: 'fatal'; readonly reply: Buffer } | Substitution

/** A request that replaces the statement, so that the transaction fails at the server, too. */
export interface Substitution {
  readonly kind: 'substitution'
  readonly request: Buffer
  /** Returns the bytes for the client in place of a message of the reply. */
  reply(message: Buffer): Buffer
  /** Whether a message belongs to the failed request, and must not reach the server. */
  skips(message: Buffer): boolean
  /**
   * Whether a message of the server must not reach the client. Such a message ends the reply to the substitute, a
   * request that the client did not send.
   */
  isSurplus(message: Buffer): boolean
}

/** Pairs the statements of one connection with their replies. */
export interface StatementReader {
  /**
   * Reads a message of the client. Returns its statement, and the number of its exchange (a request and its reply),
   * counted from 0.
   */
  readRequest(message: Buffer): { readonly exchange: number; readonly statement: string | undefined }
  /** Reports an unreadable message of the client: it is too long, or its start was missed. */
  skipRequest(firstByte: number): void
  readReply(message: Buffer): void
  /** Reports the first byte of a message of the server. Replaces `readReply` while replies need not be read. */
  replyBegins(firstByte: number): void
  /** The exchange to which the server's next message belongs. */
  readonly answering: number
  /** Whether replies must be read even without a fault. */
  readonly awaitsReply: boolean
  /** Reports that all requests so far are answered. Some replies may have passed without `readReply`. */
  caughtUp(): void
}

/** The maximum number of bytes of a statement that are read. */
export const MOST_STATEMENT_BYTES: number = 64 * 1024
/** The maximum number of remembered statements per connection. */
const MOST_PREPARED = 10_000

/** Remembers a statement, and forgets the oldest beyond the limit. */
export function remember<Key>(statements: Map<Key, string>, key: Key, statement: string): void {
  statements.delete(key)
  statements.set(key, statement)
  if (statements.size <= MOST_PREPARED) return
  for (const oldest of statements.keys()) {
    statements.delete(oldest)
    break
  }
}
