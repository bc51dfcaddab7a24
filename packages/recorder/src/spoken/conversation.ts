import type { Endpoint } from '@chaosproxy/faults'
import type { Json, Nanos, UserError } from '@chaosproxy/history'
import type { Identifier, Naming } from '../record/naming.ts'
import type { Recorder } from '../record/recorder.ts'

/**
 * A connection as read by its protocol's mapping, before any fault acts on the bytes. The memory of all bytes is
 * borrowed: it is valid only during the call.
 */
export interface RecordedConversation {
  /** Called with bytes of the client, before any of them is passed on. */
  asked(bytes: Buffer, time: Nanos): void
  /** Called with the number of client bytes sent to the server so far. */
  sent(totalBytes: number, time: Nanos): void
  /** Called with bytes of the server, before any of them is passed on. */
  answered(bytes: Buffer): void
  /** Called with the number of server bytes sent to the client so far. */
  delivered(totalBytes: number): void
  /** Called when a fault has changed bytes of the client, before the server gets them. */
  altered(): void
  /**
   * Called when a fault has lost, repeated, changed or reordered messages, so that a reply may belong to another
   * request.
   *
   * @param requests the requests that the server gets instead.
   */
  disturbed(requests: readonly Buffer[]): void
  /** Called when the client has hung up. The client may reconnect before this connection has ended. */
  hungUp(): void
  /** Called when no more bytes will come from the server. */
  ended(reason: string): void
  /** Called when both sides are gone. */
  closed(): void
  /** Whether the maximum number of unanswered requests is tracked. If so, the client has to wait. */
  readonly isFull: boolean
}

export interface RecordedServer {
  readonly recorder: Recorder
  /** The name of the server in the history. */
  readonly node: Endpoint
  /** Maximum size in bytes of messages that are read. By default 16 MiB. */
  readonly maxMessageBytes?: number | undefined
}

export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024

export interface ServerRecording {
  /** How clients are identified; undefined if clients name themselves. */
  readonly client: Identifier | undefined
  /** @param host The client's address. */
  open(connection: { readonly host: string; readonly naming: Naming }): RecordedConversation
}

/** A server from which the recorder itself reads initial values, before any client connects. */
export interface AskedServer {
  /** @throws UserError (environment) if no reply comes. */
  ask(request: Json): Promise<Json>
  /** Returns the error for a reply that cannot be used. */
  unusable(why: string): UserError
  close(): void
}
