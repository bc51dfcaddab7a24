import { isUtf8 } from 'node:buffer'

export interface ReadMessage {
  /** The type of the message, such as `POST /replicate`, `append`, `SET` or `41 bytes`. */
  readonly type: string
  /** The content of the message, if it is complete text. */
  readonly text: string | undefined
  /** The request that this message answers. */
  readonly question?: string | undefined
  readonly sentAtMs: number
  /** The position of the message's end in the stream; infinite if it was not seen. */
  readonly endBytes: number
}

export interface ReadStream {
  readonly messages: readonly ReadMessage[]
  readonly unreadableFromMs: number | undefined
  /** The time before which message boundaries are uncertain, because the beginning of the stream was dropped. */
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
