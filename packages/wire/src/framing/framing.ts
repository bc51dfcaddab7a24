import type { Json } from '@chaosproxy/history'
import type { Encryption, Starts } from './encryption.ts'
import type { FrameScanner } from './frame-scanner.ts'
import type { Statements } from './statements.ts'

/** Requests go from the side that dialled to the other; responses come back. */
export type Direction = 'requests' | 'responses'

/** Cuts a kind of connection into messages, and knows enough about messages to fault single ones. */
export interface Framing {
  readonly name: string
  scanner(direction: Direction): FrameScanner
  /** The message's content as JSON; undefined if it is malformed. */
  read(message: Buffer): Json | undefined
  /** Whether messages are usually JSON, so that their members can be matched. */
  readonly readsJson?: true | undefined
  /** @throws UserError (usage) for a value that a message of this framing cannot express. */
  write(value: Json, direction: Direction): Buffer
  /** The command of a request in capitals, and its key, if messages have these. */
  readonly command?:
    | ((message: Buffer) => { readonly name: string; readonly key: string | undefined } | undefined)
    | undefined
  /** The message's content as bytes, if it differs from the message's own bytes. */
  readonly plain?: ((message: Buffer) => Buffer) | undefined
  /** Whether the message is part of a handshake, which faults must leave alone. */
  readonly isHandshake?: ((message: Buffer) => boolean) | undefined
  /** The client's handshake without the offer to compress messages. */
  readonly withoutCompression?: ((handshake: Buffer) => Buffer) | undefined
  /**
   * Whether the message is compressed: it cannot be read, and later ones cannot either if it is lost, repeated, changed
   * or moved.
   */
  readonly isCompressed?: ((message: Buffer) => boolean) | undefined
  /** A scanner for messages only, if connections begin with something else. */
  readonly messageScanner?: ((direction: Direction) => FrameScanner) | undefined
  /** How its statements are read, if it is a protocol of SQL. */
  readonly statements?: Statements | undefined
  /** How its connections become encrypted, if they begin in plaintext. */
  readonly encryption?: Encryption | undefined
  /** Rewrites the start of both directions, so that the two agree on nothing by which later bytes could not be read. */
  readonly plainly?: (() => Starts) | undefined
}

/** Whether the bytes are exactly one whole message. */
export function isOneMessage(framing: Framing, direction: Direction, bytes: Buffer): boolean {
  const scanner = framing.messageScanner?.(direction) ?? framing.scanner(direction)
  return bytes.length > 0 && scanner.scan(bytes, 0) === bytes.length
}
