import type { BackendMessage, FrontendMessage } from '@chaosproxy/wire/postgresql'
import { writeBackend } from '@chaosproxy/wire/postgresql'
import type { Wait } from '../session/session.ts'

/** A message of the client, or the reason why no further message follows. */
export type Received =
  | FrontendMessage
  | { readonly kind: 'closed' }
  | { readonly kind: 'malformed'; readonly why: string }

/** Why a conversation pauses: for a message, the time of a statement, or a lock. */
export type Pause = { readonly kind: 'message' } | { readonly kind: 'cost'; readonly sql: string } | Wait

/** The client side of a conversation. */
export class Peer {
  readonly #received: Received[] = []
  #out: Buffer[] = []
  readonly #send: (bytes: Buffer) => void
  isGone = false

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send
  }

  get hasMessage(): boolean {
    return this.#received.length > 0
  }

  push(message: Received): void {
    if (message.kind === 'closed') this.isGone = true
    this.#received.push(message)
  }

  *next(): Generator<Pause, Received> {
    while (this.#received.length === 0) yield { kind: 'message' }
    return this.#received.shift() ?? { kind: 'closed' }
  }

  /** Buffers a message; the next flush sends it. */
  write(message: BackendMessage): void {
    this.#out.push(writeBackend(message))
  }

  /** Discards the messages written since the last flush. */
  discard(): void {
    this.#out = []
  }

  flush(): void {
    if (this.#out.length === 0) return
    const bytes = Buffer.concat(this.#out)
    this.#out = []
    if (!this.isGone) this.#send(bytes)
  }
}
