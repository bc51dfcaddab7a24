import type { Reply } from './reply.ts'

/** A connection, as the server sees it. */
export interface Session {
  readonly id: number
  protocol: 2 | 3
  name: string
  database: number
  /** The commands of an open transaction. */
  queued: (readonly string[])[] | undefined
  /** Whether a command of the transaction could not be queued. */
  aborted: boolean
  readonly watched: Map<string, { readonly database: number; readonly key: string; readonly version: number }>
  readonly channels: Set<string>
  readonly patterns: Set<string>
  waiting: Waiting | undefined
  /** Commands that arrived while it waited. */
  readonly backlog: (readonly string[])[]
  /** Replies that have not left yet. */
  outbox: Reply[]
  /** Whether to close it once the replies have left. */
  closing: boolean
}

export interface Waiting {
  readonly database: number
  readonly keys: readonly string[]
  /** 0: for ever. */
  readonly timeoutMs: number
  /** The command to execute once the key has something. */
  readonly does: (key: string) => readonly string[]
  /** Its reply, given that of the command above; undefined: there was nothing. */
  readonly reply: (key: string, reply: Reply) => Reply | undefined
  /** Its reply on timeout. */
  readonly nothing: Reply
}

export const createSession = (id: number): Session => ({
  id,
  protocol: 2,
  name: '',
  database: 0,
  queued: undefined,
  aborted: false,
  watched: new Map(),
  channels: new Set(),
  patterns: new Set(),
  waiting: undefined,
  backlog: [],
  outbox: [],
  closing: false,
})
