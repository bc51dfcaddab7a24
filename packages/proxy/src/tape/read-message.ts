import { isUtf8 } from 'node:buffer'

export interface ReadMessage {
  /** The type of the message, such as `POST /replicate`, `append`, `SET` or `41 bytes`. */
  readonly type: string
  /** The message's content; undefined if it is binary, compressed or incomplete. */
  readonly text: string | undefined
  /** The request that this message answers. */
  readonly question?: string | undefined
  readonly sentAtMs: number
  /** The position of the message's end in the stream; infinite if the end was not seen. */
  readonly endBytes: number
}

export interface ReadStream {
  readonly messages: readonly ReadMessage[]
  /** The time from which message boundaries are uncertain; undefined if all boundaries are certain. */
  readonly unreadableFromMs: number | undefined
  /**
   * Message boundaries are uncertain before this time, because the beginning of the stream was dropped; undefined if
   * the tape has the beginning.
   */
  readonly unreadableUntilMs?: number | undefined
}

/** Returns bytes as text; undefined if they are not text. */
export function textOf(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString()
  return UNPRINTED.test(text) ? undefined : text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: matching control characters is the point
const UNPRINTED = /[\u0000-\u0008]/
