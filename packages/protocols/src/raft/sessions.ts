import { applyCommand, type Values } from '../object.ts'
import type { StoreCommand, StoreResult } from '../store.ts'

/** Of a client: what it was told is told again, should it ask again. */
export interface LastRequest {
  readonly sequence: number
  readonly result: StoreResult
}

/** The replicated state machine: the object, and for each client the last of its requests with its result (thesis §6.3). */
export interface SessionedObject {
  readonly values: Values
  /** Least recently used first: the order is that of the log, so every copy forgets the same sessions. */
  readonly sessions: Map<string, LastRequest>
}

/** Sessions kept. A client idle while this many others wrote loses the protection of its last request. */
const SESSION_LIMIT = 10_000

export const createSessionedObject = (): SessionedObject => ({ values: new Map(), sessions: new Map() })

/**
 * "if it receives a command whose serial number has already been executed, it responds immediately without re-executing
 * the request" (§8).
 */
export function applyOnce(object: SessionedObject, command: StoreCommand): StoreResult {
  const { session } = command
  if (session === undefined) return applyCommand(object.values, command)
  const last = object.sessions.get(session.client)
  if (last !== undefined && session.sequence < last.sequence)
    return { type: 'info', error: 'superseded by a later request of the same session' }
  if (last !== undefined && session.sequence === last.sequence) return last.result
  const result = applyCommand(object.values, command)
  object.sessions.delete(session.client)
  object.sessions.set(session.client, { sequence: session.sequence, result })
  if (object.sessions.size > SESSION_LIMIT) {
    const oldest = object.sessions.keys().next()
    if (oldest.done !== true) object.sessions.delete(oldest.value)
  }
  return result
}
