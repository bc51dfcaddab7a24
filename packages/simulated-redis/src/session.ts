import type { Reply } from './reply.ts'

export interface Session {
  readonly id: number
  protocol: 2 | 3
  name: string
  database: number
  queued: (readonly string[])[] | undefined
  /** Whether a command of the transaction could not be queued. */
  aborted: boolean
  readonly watched: Map<string, { readonly database: number; readonly key: string; readonly version: number }>
  readonly channels: Set<string>
  readonly patterns: Set<string>
  waiting: Waiting | undefined
  readonly backlog: (readonly string[])[]
  outbox: Reply[]
  closing: boolean
}

export interface Waiting {
  readonly database: number
  readonly keys: readonly string[]
  /** 0: for ever. */
  readonly timeoutMs: number
  /** Returns the command to execute once `key` has a value. */
  readonly does: (key: string) => readonly string[]
  /** Returns the reply, if the command found a value. */
  readonly reply: (key: string, reply: Reply) => Reply | undefined
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
