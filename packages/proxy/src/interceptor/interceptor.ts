/**
 * Intercepts one connection: reads the bytes of both sides, and passes on, holds, changes or replaces them. It acts
 * *before* the links' faults, on bytes as they arrive: at the client edge for requests and at the backend edge for
 * responses. Only `delivered` reports what happened to the bytes it passed on.
 *
 * client ─▶ requests.receive ─▶ [requests.exit: link faults] ─▶ backend
 *
 * client ◀─ [responses.exit: link faults] ◀─ responses.receive ◀─ backend
 */
export interface Interceptor {
  readonly requests: Stage
  readonly responses: Stage
  /** Whether no request is in progress; absent if unknown. */
  readonly isIdle?: boolean
  /** Both sockets are gone. Open operations end by the recorder's outcome rules. */
  closed(): void
  /**
   * A message was lost, repeated, changed or reordered behind this interceptor, so responses may no longer match
   * requests. `altered`: what the server gets instead of a request.
   */
  disturbed?(altered?: readonly Buffer[]): void
  /**
   * It threw, and gets nothing more but `closed`. From now on nothing that it read or reads is certain: it ends what is open,
   * and records that any key may change.
   */
  failed?(error: unknown): void
}

/** One direction of a connection, from the interceptor's side. */
export interface Stage {
  /**
   * Bytes arrived. Their memory is valid only until this returns, so bytes to keep must be copied. Returns false if the
   * exit returned false for any of these bytes.
   */
  receive(bytes: Buffer): boolean
  /** The sender ended its direction in an orderly way. */
  end(): void
  /** The sender is gone without an orderly end, by RST or otherwise. */
  reset(): void
  /** The total bytes passed to the exit since the start that were handed to the receiver's socket. */
  delivered(totalBytes: number): void
  /** A fault of the link changed some of the bytes passed on. Called before the receiver gets them. */
  altered?(): void
}

export interface Exit {
  /**
   * Passes bytes on, in order, as the link's faults allow. Returns true if their memory may be reused at once;
   * otherwise it must stay unchanged until the receiver's socket has sent it.
   */
  pass(bytes: Buffer): boolean
  end(): void
  reset(): void
  /** Pauses or resumes the sender, for an interceptor that holds as many bytes as it can. */
  setReading(reading: boolean): void
  /**
   * Whether more bytes wait here than the receiver can take. The sender is paused meanwhile. An interceptor that
   * generates bytes must also pause, until this is false in a call of `delivered`.
   */
  readonly congested: boolean
}

export interface Conversation {
  /** Unique within the network; identifies the connection in records and logs. */
  readonly id: number
  readonly client: { readonly host: string; readonly port: number }
  /** The process that dialled, such as `python3 4711`, if it was looked up and found. */
  readonly peerProcess?: string | undefined
  /** Towards the backend. Passing anything on dials it first, if necessary. */
  readonly requests: Exit
  /**
   * Dials the backend now, for protocols in which it speaks first. May be called while the interceptor is being made.
   */
  dial(): void
  /** Towards the client. */
  readonly responses: Exit
  /** Ends both sides by RST, at once. */
  abort(): void
  /** Runs a callback of the interceptor, such as a timer's. If it throws, that ends this connection and no other. */
  guard(callback: () => void): void
  /** Reports a client whose protocol or login does not work through the proxy. */
  misread?(what: 'http2' | 'channel-binding'): void
  /** Must be called by whatever loses, repeats, changes or reorders messages, before anyone can see the effect. */
  disturbed?(altered?: readonly Buffer[]): void
}

/** Called for each accepted connection, before its first byte is read. */
export type Intercept = (conversation: Conversation) => Interceptor
