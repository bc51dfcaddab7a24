import type { Endpoint } from '@chaosproxy/faults'
import type { Json, Nanos, UserError } from '@chaosproxy/history'
import type { Identifier, Naming } from '../record/naming.ts'
import type { Recorder } from '../record/recorder.ts'

/**
 * One connection as read by its protocol's mapping, in front of every fault. The memory of all bytes is borrowed: it is
 * valid only during the call.
 */
export interface RecordedConversation {
  /** Bytes of the client, before any of them is passed on. */
  asked(bytes: Buffer, time: Nanos): void
  /** The number of client bytes sent to the server so far. */
  sent(totalBytes: number, time: Nanos): void
  /** Bytes of the server, before any of them is passed on. */
  answered(bytes: Buffer): void
  /** The number of server bytes sent to the client so far. */
  delivered(totalBytes: number): void
  /** A fault has changed bytes of the client. Called before the server gets them. */
  altered(): void
  /**
   * A fault has lost, repeated, changed or reordered messages, so that a reply may belong to another request.
   *
   * @param requests What the server gets instead of some.
   */
  disturbed(requests: readonly Buffer[]): void
  /** The client has hung up. It may return before this connection has ended. */
  hungUp(): void
  /** No more bytes will come from the server. */
  ended(reason: string): void
  /** Both sides are gone. */
  closed(): void
  /** Whether the maximum number of unanswered requests is tracked. The client has to wait meanwhile. */
  readonly isFull: boolean
}

export interface RecordedServer {
  readonly recorder: Recorder
  /** Its name in the history. */
  readonly node: Endpoint
  /** Longer messages are not read. By default 16 MiB. */
  readonly maxMessageBytes?: number | undefined
}

export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024

export interface ServerRecording {
  /** What identifies clients; undefined: their own names. */
  readonly client: Identifier | undefined
  /** @param host The client's address. */
  open(connection: { readonly host: string; readonly naming: Naming }): RecordedConversation
}

/** A server from which the recorder itself reads initial values, before any client connects. */
export interface AskedServer {
  /** @throws UserError (environment) if no reply comes. */
  ask(request: Json): Promise<Json>
  /** The error for a useless reply. */
  unusable(why: string): UserError
  close(): void
}
