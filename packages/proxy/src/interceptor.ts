/**
 * What may stand in the way of one connection: it reads what both sides say, and passes on, holds, changes or answers
 * it. It acts *before* the faults of the links (on bytes as they arrive, at the client edge for requests and at the
 * backend edge for responses), so that what happens to bytes behind it is known to it only by what `delivered` says.
 *
 *   client ─▶ requests.receive ─▶ [requests.exit: link faults] ─▶ backend
 *   client ◀─ [responses.exit: link faults] ◀─ responses.receive ◀─ backend
 */
export interface Interceptor {
  readonly requests: Stage
  readonly responses: Stage
  /** Both sockets are gone. What was still open ends as it can: see the recorder's outcome rules. */
  closed(): void
  /** Behind it a message was lost, repeated, made up or let others pass: answers may not be those of the requests. */
  disturbed?(): void
}

/** One direction of a connection, as its interceptor sees it. */
export interface Stage {
  /**
   * Bytes arrived. Their memory is the interceptor's until it returns: what it wants to keep for later, it copies. The
   * answer is false where the exit's answer to any of these bytes was false, else true.
   */
  receive(bytes: Buffer): boolean
  /** The sender ended its direction in good order. */
  end(): void
  /** The sender is gone, by RST or by whatever else is not an orderly end. */
  reset(): void
  /** Of what was passed to the exit, so many bytes (in all, since the start) were handed to the receiver's socket. */
  delivered(totalBytes: number): void
}

/** Where a stage passes on. */
export interface Exit {
  /**
   * Bytes go on, in order, as the link's faults allow. True when their memory is free again; where not, it stays as it
   * is until the receiver's socket has sent it.
   */
  pass(bytes: Buffer): boolean
  end(): void
  reset(): void
  /** Asks the sender to stop, or go on; the interceptor calls it when it holds more than it wants to. */
  setReading(reading: boolean): void
  /**
   * More waits here than the receiver takes at the moment. Its sender is stopped meanwhile; an interceptor that makes up
   * bytes of its own stops as well, until a `delivered` finds this false.
   */
  readonly congested: boolean
}

/** What an interceptor gets of its connection. */
export interface Conversation {
  /** A number that no other connection of the network has: names this one in records and logs. */
  readonly id: number
  readonly client: { readonly host: string; readonly port: number }
  /** The process that dialled, where that was to be found out, and could be: `python3 4711`. */
  readonly peerProcess?: string | undefined
  /** Towards the backend. Passing anything on dials it, if it is not dialled yet. */
  readonly requests: Exit
  /** Dials the backend now, for protocols in which it speaks first. The interceptor may call it while it is being made. */
  dial(): void
  /** Towards the client. */
  readonly responses: Exit
  /** Ends both sides by RST, at once. */
  abort(): void
  /** To be called by what loses, repeats, makes up or reorders messages, before anybody can see it. */
  disturbed?(): void
}

/** Called for each accepted connection, before its first byte is read. */
export type Intercept = (conversation: Conversation) => Interceptor
