import type { Json } from '@chaosproxy/history'
import type { FrameScanner } from './frame-scanner.ts'

/** Requests go from whoever dialled to whom it reached; responses come back. */
export type Direction = 'requests' | 'responses'

/**
 * How a kind of connection is cut into messages, and what little must be known of them to hurt single ones. Anything
 * with these few functions will do.
 */
export interface Framing {
  readonly name: string
  /** One for each direction of each connection. */
  scanner(direction: Direction): FrameScanner
  /** What the message says, as far as it can be said in JSON; undefined where it makes no sense. */
  read(message: Buffer): Json | undefined
  /** What its messages say is JSON as a rule, so that members of it can be asked for. */
  readonly readsJson?: true | undefined
  /** @throws UserError (usage) for what cannot be said in a message of this framing. */
  write(value: Json, direction: Direction): Buffer
  /** The command that a request gives, in capitals, and the key it gives it for, where messages are such. */
  readonly command?:
    | ((message: Buffer) => { readonly name: string; readonly key: string | undefined } | undefined)
    | undefined
  /** What the message says as bytes, where they are not those that it consists of. */
  readonly plain?: ((message: Buffer) => Buffer) | undefined
  /** Whether it belongs to how the connection came about, and is not to be hurt. */
  readonly isHandshake?: ((message: Buffer) => boolean) | undefined
  /** For messages alone, where a connection does not begin with them. */
  readonly messageScanner?: ((direction: Direction) => FrameScanner) | undefined
}

/** Whether the bytes are one whole message, and nothing more. */
export function isOneMessage(framing: Framing, direction: Direction, bytes: Buffer): boolean {
  const scanner = framing.messageScanner?.(direction) ?? framing.scanner(direction)
  return bytes.length > 0 && scanner.scan(bytes, 0) === bytes.length
}
