/**
 * Intercepts one connection: reads the bytes of both sides, and passes on, holds, changes or replaces them. The
 * interceptor acts *before* the links' faults. Only `delivered` reports what happened to the bytes afterwards.
 *
 * client ─▶ requests.receive ─▶ [requests.exit: link faults] ─▶ backend
 *
 * client ◀─ [responses.exit: link faults] ◀─ responses.receive ◀─ backend
 */
export interface Interceptor {
  readonly requests: Stage
  readonly responses: Stage
  /** Whether no request is in progress. Absent if the interceptor does not know. */
  readonly isIdle?: boolean
  closed(): void
  /**
   * Reports that a fault behind this interceptor lost, repeated, changed or reordered messages. `altered`: the messages
   * that the server gets instead.
   */
  disturbed?(altered?: readonly Buffer[]): void
  /**
   * Reports that this interceptor threw an error. Its reading of the connection is no longer reliable, so it ends its
   * operations and records that any key may change. Only `closed` is called afterwards.
   */
  failed?(error: unknown): void
}

/** One direction of a connection, as the interceptor receives it. */
export interface Stage {
  /**
   * Receives bytes. The stage copies bytes that it keeps, because the caller may reuse their memory after the call.
   * Returns false if the caller must not reuse the memory yet, because the exit still needs it.
   */
  receive(bytes: Buffer): boolean
  /** Reports that the sender ended its direction in an orderly way. */
  end(): void
  /** Reports that the sender is gone without an orderly end. */
  reset(): void
  /** Reports how many of the passed bytes have been written to the receiver's socket. */
  delivered(totalBytes: number): void
  /** Reports that a fault of the link changed some of the bytes passed on. */
  altered?(): void
}

export interface Exit {
  /**
   * Passes bytes on as the link's faults allow. Returns true if their memory may be reused immediately; otherwise it
   * must stay unchanged until the bytes are sent.
   */
  pass(bytes: Buffer): boolean
  end(): void
  reset(): void
  /** Stops or resumes reading from the sender. */
  setReading(reading: boolean): void
  /**
   * Whether more bytes wait than the receiver can take. An interceptor that generates bytes must then stop. It may
   * continue when `delivered` is called and `congested` is false.
   */
  readonly congested: boolean
}

export interface Conversation {
  /** The connection's id in records and logs. */
  readonly id: number
  readonly client: { readonly host: string; readonly port: number }
  /** The dialling process, such as `python3 4711`, if it was found. */
  readonly peerProcess?: string | undefined
  /** The exit towards the backend. It dials the backend if necessary. */
  readonly requests: Exit
  /**
   * Dials the backend, for protocols in which the backend sends first. May be called while the interceptor is being
   * created.
   */
  dial(): void
  /** Towards the client. */
  readonly responses: Exit
  /** Resets both sides (RST). */
  abort(): void
  /** Runs a callback of the interceptor, such as a timer's. An error ends this connection and no other. */
  guard(callback: () => void): void
  /** Reports a client whose protocol or login does not work through the proxy. */
  misread?(what: 'http2' | 'channel-binding'): void
  /**
   * Reports that messages were lost, repeated, changed or reordered. Must be called before anyone can see the effect.
   */
  disturbed?(altered?: readonly Buffer[]): void
}

/** Called for each accepted connection, before its first byte is read. */
export type Intercept = (conversation: Conversation) => Interceptor
