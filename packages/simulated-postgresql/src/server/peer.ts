import type { BackendMessage, FrontendMessage } from '@chaosproxy/wire/postgresql'
import { writeBackend } from '@chaosproxy/wire/postgresql'
import type { Wait } from '../session/session.ts'

/** The client has closed the connection, or broken the protocol. */
export type Received =
  | FrontendMessage
  | { readonly kind: 'closed' }
  | { readonly kind: 'malformed'; readonly why: string }

/** A pause of a conversation: until a message arrives, for the time that a statement takes, or for a lock. */
export type Pause = { readonly kind: 'message' } | { readonly kind: 'cost'; readonly sql: string } | Wait

/** The client's end of a conversation. */
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

  /** Writes a message; it leaves with the next flush. */
  write(message: BackendMessage): void {
    this.#out.push(writeBackend(message))
  }

  /** What was written since the last flush never leaves. */
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
