import type { Json } from '@chaosproxy/history'
import type { Message } from './message.ts'

/** Where values are looked for: a request, its answer once it is here, and of a list the item in question. */
export interface Scene {
  readonly request: Message
  readonly answer?: Message | undefined
  /** The answer's, in words: `status 200`. */
  readonly status?: string | undefined
  readonly item?: Item | undefined
}

export interface Item {
  readonly value: Json
  /** Of an object's member; of a list's element its position. */
  readonly name: string
}

/** The items of a list, or the members of an object; undefined of anything else. */
export function itemsOf(value: Json | undefined): readonly Item[] | undefined {
  if (value === undefined || value === null || typeof value !== 'object') return undefined
  return Object.entries(value).map(([name, member]) => ({ name, value: member as Json }))
}
