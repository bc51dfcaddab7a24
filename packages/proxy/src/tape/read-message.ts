import { isUtf8 } from 'node:buffer'

export interface ReadMessage {
  /** `POST /replicate`, `append`, `SET`, `41 bytes`. */
  readonly type: string
  /** Its content; undefined if that is binary, compressed or incomplete. */
  readonly text: string | undefined
  /** The request to which it replies. */
  readonly question?: string | undefined
  readonly sentAtMs: number
  /** The position of its end in the stream; infinite if the end was not seen. */
  readonly endBytes: number
}

export interface ReadStream {
  readonly messages: readonly ReadMessage[]
  /** From here on, message boundaries are uncertain; undefined if all are certain. */
  readonly unreadableFromMs: number | undefined
  /** Up to here too, since the start was dropped; undefined if it was not. */
  readonly unreadableUntilMs?: number | undefined
}

/** Undefined if it is not text. */
export function textOf(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString()
  return UNPRINTED.test(text) ? undefined : text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: matching control characters is the point
const UNPRINTED = /[\u0000-\u0008]/
