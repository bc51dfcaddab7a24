import type { Endpoint } from '@chaosproxy/faults'
import type { Json, Nanos, UserError } from '@chaosproxy/history'
import type { Identifier, Naming } from '../record/naming.ts'
import type { Recorder } from '../record/recorder.ts'

/**
 * Reads the bytes of a connection before any fault acts on them, and records what they mean. All bytes are valid only
 * during the call.
 */
export interface RecordedConversation {
  /** Called with bytes of the client before they are passed on. */
  requested(bytes: Buffer, time: Nanos): void
  /** Called with the number of client bytes sent so far. */
  sent(totalBytes: number, time: Nanos): void
  /** Called with bytes of the server before they are passed on. */
  answered(bytes: Buffer): void
  /** Called with the number of server bytes delivered so far. */
  delivered(totalBytes: number): void
  /** Called before the server gets bytes that a fault has changed. */
  altered(): void
  /**
   * Called when a fault has lost, repeated, changed or reordered messages, so that a reply may belong to another
   * request.
   *
   * @param requests the requests that the server gets in place of the client's.
   */
  disturbed(requests: readonly Buffer[]): void
  /** Called when the client has hung up, and may reconnect. */
  hungUp(): void
  /** Called when the server sends nothing more. */
  ended(reason: string): void
  closed(): void
  /** Whether the client has to wait, because too many requests are unanswered. */
  readonly isFull: boolean
}

export interface RecordedServer {
  readonly recorder: Recorder
  readonly node: Endpoint
  /** Maximum size of messages in bytes, by default 16 MiB. */
  readonly maxMessageBytes?: number | undefined
}

export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024

export interface ServerRecording {
  /** How clients are identified, unless they name themselves. */
  readonly client: Identifier | undefined
  /** @param host The client's address. */
  open(connection: { readonly host: string; readonly naming: Naming }): RecordedConversation
}

/** A server from which the recorder reads initial values. */
export interface QueriedServer {
  /** @throws UserError (environment) if no reply comes. */
  ask(request: Json): Promise<Json>
  /** Returns the error for a reply that cannot be used. */
  unusable(why: string): UserError
  close(): void
}
