import { type Input, inputError, type Json } from '@chaosproxy/history'
import type { RequestMaker } from './request-maker.ts'

/** A sample value for each function, similar to the values in workloads. */
const SAMPLES: { readonly [f: string]: Json } = {
  read: null,
  get: null,
  write: 1,
  put: 'a',
  append: 'a',
  cas: [1, 2],
  add: 1,
  subtract: 1,
  remove: 1,
  contains: 1,
  enqueue: 1,
  dequeue: null,
}

/**
 * Checks that the route table can turn each function into a request. Returns whether all these requests address one
 * fixed object, as `GET /counter` does. If so, clients use only this object. False if `before` is empty.
 *
 * @param before a read of each object that is known in advance
 *
 * @param at the file name of the table, with which every error message begins
 *
 * @throws UserError (input)
 */
export function requireRequests(
  maker: RequestMaker,
  { functions, before = [] }: { readonly functions: readonly string[]; readonly before?: readonly Input[] | undefined },
  at: string,
): boolean {
  const asker = { session: 'process-0', requestId: 'process-0-1', final: false }
  /**
   * For each function whose routes all have a fixed key: this key, and the reason why a request cannot have another
   * key.
   */
  const fixed = new Map<string, { readonly key: string | undefined; readonly why: string }>()
  for (const f of functions) {
    const value = SAMPLES[f]
    if (value === undefined) continue
    const made = maker.make({ f, key: 'x', value }, asker)
    if (made.type === 'made') continue
    const plain = maker.make({ f, value }, asker)
    if (plain.type !== 'made') throw inputError(`${made.why}.`)
    fixed.set(f, { key: plain.key, why: made.why })
  }
  const used = new Set(before.flatMap(({ key }) => key ?? []))
  const [first, ...others] = fixed.values()
  if (first === undefined || used.size === 0) return false
  if (used.size > 1) throw inputError(`${first.why}.`)
  const names = [...fixed.keys()].join(' and ')
  if (fixed.size < functions.length || others.some(({ key }) => key !== first.key))
    throw inputError(
      `${at}: the routes of ${names} have a fixed "key" or none, but not all routes have the same "key". Give all routes one "key".`,
    )
  return true
}
