import { isUtf8 } from 'node:buffer'

/** A message as the bytes of a stream say it. */
export interface ReadMessage {
  /** `POST /replicate`, `append`, `SET`, `41 bytes`. */
  readonly type: string
  /** What it says; undefined if that cannot be read: it is binary, compressed, or not all of it was kept. */
  readonly text: string | undefined
  /** What the request says that it replies to. */
  readonly question?: string | undefined
  readonly sentAtMs: number
  /** Where it ends in the stream; infinite if its end was not seen. */
  readonly endBytes: number
}

export interface ReadStream {
  readonly messages: readonly ReadMessage[]
  /** From then on its messages are not told apart for certain; undefined if all are. */
  readonly unreadableFromMs: number | undefined
  /** Nor up to then, since the beginning was forgotten; undefined if it was not. */
  readonly unreadableUntilMs?: number | undefined
}

/** Undefined if it is no text. */
export function textOf(bytes: Buffer): string | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString()
  return UNPRINTED.test(text) ? undefined : text
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: matching control characters is the point
const UNPRINTED = /[\u0000-\u0008]/
