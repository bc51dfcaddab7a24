import { canonical, type Json } from '@chaosproxy/history'
import { listAtFirst } from '../object/model/any-start.ts'

export const ADD = 0
export const REMOVE = 1
export const READ = 2
export const CONTAINS = 3

export const setNumbers: { readonly [f: string]: number } = { add: ADD, remove: REMOVE, read: READ, contains: CONTAINS }

export const elementsAtFirst = (initial: Json): readonly Json[] => [
  ...new Map(listAtFirst(initial, 'set').map((value) => [canonical(value), value])).values(),
]
