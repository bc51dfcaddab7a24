import type { Reply } from './reply.ts'

/** A connection, as the server knows it. */
export interface Session {
  readonly id: number
  protocol: 2 | 3
  name: string
  database: number
  /** The commands of a transaction that is open. */
  queued: (readonly string[])[] | undefined
  /** Whether a command of the transaction could not be queued. */
  aborted: boolean
  readonly watched: Map<string, { readonly database: number; readonly key: string; readonly version: number }>
  readonly channels: Set<string>
  readonly patterns: Set<string>
  waiting: Waiting | undefined
  /** Commands that came while it waited. */
  readonly backlog: (readonly string[])[]
  /** Replies that have not left yet. */
  outbox: Reply[]
  /** It is to be closed once the replies have left. */
  closing: boolean
}

/** A command that waits for one of its keys. */
export interface Waiting {
  readonly database: number
  readonly keys: readonly string[]
  /** 0: for ever. */
  readonly timeoutMs: number
  /** What it does once there is something at the key. */
  readonly does: (key: string) => readonly string[]
  /** Its reply, from that of the command above; undefined: there was nothing. */
  readonly reply: (key: string, reply: Reply) => Reply | undefined
  /** Its reply if nothing ever came. */
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
