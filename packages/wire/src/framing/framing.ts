import type { Json } from '@chaosproxy/history'
import type { Encryption, Starts } from './encryption.ts'
import type { FrameScanner } from './frame-scanner.ts'
import type { Statements } from './statements.ts'

/** Requests flow from the dialling side to the other side; responses flow back. */
export type Direction = 'requests' | 'responses'

/** The framing of a protocol. Splits connections into messages, and reads what faults on single messages need. */
export interface Framing {
  readonly name: string
  scanner(direction: Direction): FrameScanner
  /** Returns the message's content as JSON, unless it is malformed. */
  read(message: Buffer): Json | undefined
  /** Whether messages are usually JSON, whose members can be matched. */
  readonly readsJson?: true | undefined
  /** @throws UserError (usage) for a value that a message of this framing cannot express. */
  write(value: Json, direction: Direction): Buffer
  /** Returns the command of a request in capitals, and its key. */
  readonly command?:
    | ((message: Buffer) => { readonly name: string; readonly key: string | undefined } | undefined)
    | undefined
  /** Returns the decoded content of a message. Absent if messages are not encoded. */
  readonly plain?: ((message: Buffer) => Buffer) | undefined
  /** Whether the message is part of a handshake, which faults do not affect. */
  readonly isHandshake?: ((message: Buffer) => boolean) | undefined
  /** Returns the client's handshake without the offer to compress messages. */
  readonly withoutCompression?: ((handshake: Buffer) => Buffer) | undefined
  /**
   * Whether the message is compressed, and so cannot be read. If it is lost, repeated, changed or moved, later messages
   * cannot be read either.
   */
  readonly isCompressed?: ((message: Buffer) => boolean) | undefined
  /** Returns a scanner for messages after the start of a connection. Absent if the start has the same form. */
  readonly messageScanner?: ((direction: Direction) => FrameScanner) | undefined
  /** Reads the statements of an SQL protocol. */
  readonly statements?: Statements | undefined
  /** How connections become encrypted, if they begin in plaintext. */
  readonly encryption?: Encryption | undefined
  /** Rewrites the start of a connection: removes options, such as compression, that make later bytes unreadable. */
  readonly plainly?: (() => Starts) | undefined
}

export function isOneMessage(framing: Framing, direction: Direction, bytes: Buffer): boolean {
  const scanner = framing.messageScanner?.(direction) ?? framing.scanner(direction)
  return bytes.length > 0 && scanner.scan(bytes, 0) === bytes.length
}
