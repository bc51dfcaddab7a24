import type { Json } from './event.ts'

/** What a client asks, in the words of histories and models. */
export interface Input {
  readonly f: string
  /** The object it is asked of; absent where there is only one. */
  readonly key?: string
  /** As the invocation's event has it: null for a read, `[old, new]` for a `cas`. */
  readonly value: Json
}

/**
 * How an invocation ended. `ok` has the value that the history is to show: what was read or handed out or, where the object
 * answers nothing, what was asked. `fail`: certainly had no effect. `info`: may have, now or later.
 */
export type Completion =
  | { readonly type: 'ok'; readonly value: Json }
  | { readonly type: 'fail' | 'info'; readonly error: string }
