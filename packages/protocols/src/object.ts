import { canonical, type Json } from '@chaos/history'
import type { StoreCommand, StoreResult } from './store.ts'

/** The key-value object itself: what one copy of it holds. A key that is absent has the value null. */
export type Values = Map<string, Json>

/** Carries a command out on one copy, at once. */
export function applyCommand(values: Values, command: StoreCommand): StoreResult {
  switch (command.f) {
    case 'read':
      return { type: 'ok', value: values.get(command.key) ?? null }
    case 'write':
      values.set(command.key, command.value)
      return { type: 'ok', value: command.value }
    case 'cas':
      if (!sameValue(values.get(command.key) ?? null, command.old)) return mismatch
      values.set(command.key, command.new)
      return { type: 'ok', value: [command.old, command.new] }
    default:
      return command satisfies never
  }
}

export const mismatch: StoreResult = { type: 'fail', error: 'mismatch' }
export const unavailable: StoreResult = { type: 'fail', error: 'unavailable' }

export function sameValue(one: Json, other: Json): boolean {
  if (one === other) return true
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return false
  return canonical(one) === canonical(other)
}
