/**
 * Intercepts one connection: reads the bytes of both sides, and passes on, holds, changes or replaces them. The
 * interceptor acts *before* the links' faults, on bytes as they arrive: at the client edge for requests and at the
 * backend edge for responses. Only `delivered` reports what happened to the bytes that the interceptor passed on.
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
  /** Reports that both sockets are closed. The interceptor ends its open operations by the recorder's outcome rules. */
  closed(): void
  /**
   * Reports that a message was lost, repeated, changed or reordered behind this interceptor, so that responses may no
   * longer match requests. `altered` are the messages that the server gets instead of a request.
   */
  disturbed?(altered?: readonly Buffer[]): void
  /**
   * Reports that this interceptor threw an error. Afterwards only `closed` is called. The interceptor ends its open
   * operations, and records that any key may change, because its own reading of the connection is no longer reliable.
   */
  failed?(error: unknown): void
}

/** One direction of a connection, as the interceptor receives it. */
export interface Stage {
  /**
   * Receives bytes. Their memory is valid only during the call, so copy the bytes that are kept. Returns false if
   * `pass` of the exit returned false for any of these bytes.
   */
  receive(bytes: Buffer): boolean
  /** Reports that the sender ended its direction in an orderly way. */
  end(): void
  /** Reports that the sender is gone without an orderly end, by RST or otherwise. */
  reset(): void
  /** Reports how many of the bytes passed to the exit since the start were written to the receiver's socket. */
  delivered(totalBytes: number): void
  /** Reports that a fault of the link changed some of the bytes passed on, before the receiver gets them. */
  altered?(): void
}

export interface Exit {
  /**
   * Passes bytes on, in order, as the link's faults allow. Returns true if their memory may be reused immediately;
   * otherwise it must stay unchanged until the receiver's socket has sent the bytes.
   */
  pass(bytes: Buffer): boolean
  end(): void
  reset(): void
  /** Stops or resumes reading from the sender, for an interceptor that holds as many bytes as it can. */
  setReading(reading: boolean): void
  /**
   * Whether more bytes wait than the receiver can take. The proxy then stops reading from the sender. An interceptor
   * that generates bytes must also stop, and may continue when `delivered` is called and `congested` is false.
   */
  readonly congested: boolean
}

export interface Conversation {
  /** The connection's id in records and logs, unique within the network. */
  readonly id: number
  readonly client: { readonly host: string; readonly port: number }
  /** The dialling process, such as `python3 4711`; undefined if it was not looked up or not found. */
  readonly peerProcess?: string | undefined
  /** The exit towards the backend. Passing bytes on dials the backend first, if necessary. */
  readonly requests: Exit
  /**
   * Dials the backend immediately, for protocols in which the backend sends first. May be called while the interceptor
   * is being created.
   */
  dial(): void
  /** Towards the client. */
  readonly responses: Exit
  /** Resets both sides immediately (RST). */
  abort(): void
  /**
   * Runs a callback of the interceptor, such as a timer's. An error that the callback throws ends this connection and
   * no other.
   */
  guard(callback: () => void): void
  /** Reports a client whose protocol or login does not work through the proxy. */
  misread?(what: 'http2' | 'channel-binding'): void
  /**
   * Reports that messages were lost, repeated, changed or reordered. An interceptor that does this to messages must
   * call `disturbed` before anyone can see the effect.
   */
  disturbed?(altered?: readonly Buffer[]): void
}

/** Called for each accepted connection, before its first byte is read. */
export type Intercept = (conversation: Conversation) => Interceptor
