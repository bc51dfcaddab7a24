import type { Json } from '@chaosproxy/history'

/** Orders the writes to a key: by counter, then by writer. No two writes share both (Lynch & Shvartsman 1997). */
export interface Tag {
  readonly counter: number
  /** The operation that wrote the version. Unique even across restarts. */
  readonly writer: string
}

export interface Version {
  readonly key: string
  readonly value: Json
  readonly tag: Tag
}

export function compareTags(one: Tag, other: Tag): number {
  if (one.counter !== other.counter) return one.counter - other.counter
  if (one.writer === other.writer) return 0
  return one.writer < other.writer ? -1 : 1
}
