import type { OnlineChecker, OnlineOptions } from '../online/checker.ts'
import { findModel } from './registry.ts'

/** The built-in model of this name or alias, if it can be judged while it is recorded. */
export function onlineModel(model: unknown): string | undefined {
  const known = typeof model === 'string' ? findModel(model) : undefined
  return known?.online === undefined ? undefined : known.name
}

/** Checks linearizability of one kind of object while the history is recorded. `model`: see `onlineModel`. */
export function createOnlineChecker({ model, ...options }: OnlineOptions & { readonly model: string }): OnlineChecker {
  const create = findModel(model)?.online
  if (create === undefined) throw new Error(`${model} cannot be judged while it is recorded`)
  return create(options)
}
