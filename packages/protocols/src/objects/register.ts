import type { Completion, Json } from '@chaosproxy/history'
import { declined, keyedValues, ok, type ReplicatedObject, sameValue, UNKEYED, unsupported } from './object.ts'

/** The values by key. A key that was never written has the value null. */
type Registers = Map<string, Json>

/** Values by key: read, write, compare and set, append to a text. */
export const register: ReplicatedObject<Registers> = {
  name: 'register',
  functions: ['read', 'write', 'cas', 'append'],
  reads: ['read'],
  ...keyedValues<Json>(),
  apply(registers, { f, key = UNKEYED, value }) {
    switch (f) {
      case 'read':
        return ok(registers.get(key) ?? null)
      case 'write':
        registers.set(key, value)
        return ok(value)
      case 'cas': {
        const pair = pairOf(value)
        if (pair === undefined) return unsupported
        if (!sameValue(registers.get(key) ?? null, pair.old)) return mismatch
        registers.set(key, pair.new)
        return ok(value)
      }
      case 'append': {
        const before = registers.get(key) ?? ''
        if (typeof before !== 'string' || typeof value !== 'string') return unsupported
        registers.set(key, before + value)
        return ok(value)
      }
      default:
        return unsupported
    }
  },
}

export const pairOf = (value: Json): { readonly old: Json; readonly new: Json } | undefined =>
  Array.isArray(value) && value.length === 2 ? { old: value[0], new: value[1] } : undefined

/** The completion of a `cas` that found another value. */
export const mismatch: Completion = declined('mismatch')
