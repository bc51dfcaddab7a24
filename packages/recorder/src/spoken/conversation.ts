import type { Endpoint } from '@chaosproxy/faults'
import type { Json, Nanos, UserError } from '@chaosproxy/history'
import type { Identifier, Naming } from '../record/naming.ts'
import type { Recorder } from '../record/recorder.ts'

/**
 * One connection as the mapping of its protocol reads it, in front of every fault. The memory of all bytes is borrowed:
 * it is valid only during the call.
 */
export interface RecordedConversation {
  /** Bytes of the client, before any of them is passed on. */
  asked(bytes: Buffer, time: Nanos): void
  /** How many bytes of the client the server was sent so far. */
  sent(totalBytes: number, time: Nanos): void
  /** Bytes of the server, before any of them is passed on. */
  answered(bytes: Buffer): void
  /** How many bytes of the server the client was sent so far. */
  delivered(totalBytes: number): void
  /** A fault has changed bytes of the client. Called before the server gets them. */
  altered(): void
  /**
   * A fault has lost, repeated, changed or reordered messages, so that an answer may be another request's.
   *
   * @param requests What the server gets in place of some.
   */
  disturbed(requests: readonly Buffer[]): void
  /** The client has hung up. It may be back before this connection is over. */
  hungUp(): void
  /** Nothing more will come from the server. */
  ended(reason: string): void
  /** Both sides are gone. */
  closed(): void
  /** Whether it remembers as many unanswered requests as it may. The client has to wait meanwhile. */
  readonly isFull: boolean
}

/** A server whose clients are recorded. */
export interface RecordedServer {
  readonly recorder: Recorder
  /** Its name in the history. */
  readonly node: Endpoint
  /** Longer messages are not read. By default 16 MiB. */
  readonly maxMessageBytes?: number | undefined
}

export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024

/** What reads the connections to one server. */
export interface ServerRecording {
  /** What tells clients apart; undefined: the names that they give. */
  readonly client: Identifier | undefined
  /** @param host The client's address. */
  open(connection: { readonly host: string; readonly naming: Naming }): RecordedConversation
}

/** A server that the recorder itself asks what keys hold, before any client connects. */
export interface AskedServer {
  /** @throws UserError (environment) if no answer comes. */
  ask(request: Json): Promise<Json>
  /** What to throw if an answer is of no use. */
  unusable(why: string): UserError
  close(): void
}
