import type { Completion, Json } from '@chaos/history'
import type { Command, Session } from '../command.ts'
import { applyInput, type Values } from '../object.ts'

/** Of a client: what it was told is told again, should it ask again. */
export interface LastRequest {
  readonly sequence: number
  readonly result: Completion
  /** How many requests of all sessions had been carried out by then. */
  readonly count: number
}

/** The replicated state machine: the object, and for each client the last of its requests with its result (thesis §6.3). */
export interface SessionedObject {
  readonly values: Values
  readonly sessions: Map<string, LastRequest>
  /** Requests of sessions carried out. */
  count: number
}

/** Sessions kept at most. */
const SESSION_LIMIT = 10_000
/**
 * Forgotten at a time, since finding the oldest takes a look at all. So a client idle while more than 9,000 others wrote may
 * lose the protection of its last request, and while 10,000 did has lost it.
 */
const SESSIONS_FORGOTTEN = 1_000

export const createSessionedObject = (): SessionedObject => ({ values: new Map(), sessions: new Map(), count: 0 })

/** As a snapshot has it. The last request of all is among those of the sessions. */
export const restoreSessionedObject = (
  values: Iterable<readonly [string, Json]>,
  sessions: readonly (readonly [string, LastRequest])[],
): SessionedObject => ({
  values: new Map(values),
  sessions: new Map(sessions),
  count: sessions.reduce((most, [, { count }]) => Math.max(most, count), 0),
})

/**
 * "if it receives a command whose serial number has already been executed, it responds immediately without re-executing
 * the request" (§8).
 */
export function applyOnce(object: SessionedObject, command: Command): Completion {
  const { session } = command
  if (session === undefined) return applyInput(object.values, command.input)
  const last = object.sessions.get(session.client)
  if (last !== undefined && session.sequence < last.sequence)
    return { type: 'info', error: 'superseded by a later request of the same session' }
  if (last !== undefined && session.sequence === last.sequence) return last.result
  const result = applyInput(object.values, command.input)
  remember(object, session, result)
  return result
}

export function remember(object: SessionedObject, { client, sequence }: Session, result: Completion): void {
  object.count++
  object.sessions.set(client, { sequence, result, count: object.count })
  if (object.sessions.size > SESSION_LIMIT) forgetOldest(object.sessions)
}

export function wasApplied(object: SessionedObject, { session }: Command): boolean {
  const last = session === undefined ? undefined : object.sessions.get(session.client)
  return last !== undefined && session !== undefined && session.sequence <= last.sequence
}

/** Those that were used least recently. The order is that of the log, so every copy forgets the same ones. */
function forgetOldest(sessions: Map<string, LastRequest>): void {
  const byAge = [...sessions].sort(([, one], [, other]) => one.count - other.count)
  for (const [client] of byAge.slice(0, SESSIONS_FORGOTTEN)) sessions.delete(client)
}
