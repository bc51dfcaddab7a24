import type { Json } from '@chaosproxy/history'
import type { Message } from './message.ts'

/** The source of values: a request, its response once it has arrived, and the current item of a list. */
export interface Scene {
  readonly request: Message
  readonly answer?: Message | undefined
  /** The response's status in words: `status 200`. */
  readonly status?: string | undefined
  readonly item?: Item | undefined
}

export interface Item {
  readonly value: Json
  /** The name of an object's member, or the index of a list's element. */
  readonly name: string
}

/** The items of a list or the members of an object; undefined for any other value. */
export function itemsOf(value: Json | undefined): readonly Item[] | undefined {
  if (value === undefined || value === null || typeof value !== 'object') return undefined
  return Object.entries(value).map(([name, member]) => ({ name, value: member as Json }))
}
