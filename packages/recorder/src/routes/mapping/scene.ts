import type { Json } from '@chaosproxy/history'
import type { Message } from './message.ts'

/** Where values are read: a request, its response, and the current item of a list. */
export interface Scene {
  readonly request: Message
  readonly answer?: Message | undefined
  readonly status?: string | undefined
  readonly item?: Item | undefined
}

export interface Item {
  readonly value: Json
  /** An object's member or a list's index. */
  readonly name: string
}

/** The items of a list, or the members of an object. */
export function itemsOf(value: Json | undefined): readonly Item[] | undefined {
  if (value === undefined || value === null || typeof value !== 'object') return undefined
  return Object.entries(value).map(([name, member]) => ({ name, value: member as Json }))
}
