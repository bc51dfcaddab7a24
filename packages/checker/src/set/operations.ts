import { canonical, type Json, UserError } from '@chaosproxy/history'

// The operations of a set, and its initial content.

export const ADD = 0
export const REMOVE = 1
export const READ = 2
export const CONTAINS = 3

export const setNumbers: { readonly [f: string]: number } = { add: ADD, remove: REMOVE, read: READ, contains: CONTAINS }

export function elementsAtFirst(initial: Json): readonly Json[] {
  if (initial === null) return []
  if (!Array.isArray(initial)) {
    throw new UserError('usage', `the set begins as ${JSON.stringify(initial)}, which is no list. Give e.g. [1,2].`)
  }
  return [...new Map(initial.map((value: Json) => [canonical(value), value])).values()]
}
