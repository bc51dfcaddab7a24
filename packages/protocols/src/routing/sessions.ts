import type { Completion, Json } from '@chaosproxy/history'
import type { Command, Session } from '../command.ts'
import type { AnyObject } from '../objects/object.ts'

/** A client's last request, with its result. If the client repeats the request, the result is sent again. */
interface LastRequest {
  readonly sequence: number
  readonly result: Completion
  /**
   * The value of `SessionedCopy.count` when the state machine applied this request. If there are too many sessions,
   * those with the lowest `count` are removed.
   */
  readonly count: number
}

/** The replicated state machine: the object, and each client's last request (thesis §6.3). */
export interface SessionedCopy {
  /** The object's state. */
  readonly held: unknown
  readonly sessions: Map<string, LastRequest>
  count: number
}

export interface SavedCopy {
  readonly held: Json
  readonly sessions: readonly (readonly [string, LastRequest])[]
}

const SESSION_LIMIT = 10_000
/**
 * This many sessions are removed at once, because all must be examined to find the oldest. A client's last request is
 * forgotten after 9,000 to 10,000 other clients have written.
 */
const SESSIONS_FORGOTTEN = 1_000

export const createCopy = (object: AnyObject): SessionedCopy => ({
  held: object.initial(),
  sessions: new Map(),
  count: 0,
})

export const saveCopy = (object: AnyObject, { held, sessions }: SessionedCopy): SavedCopy => ({
  held: object.save(held),
  sessions: [...sessions],
})

/** Restores a saved copy. The copy's `count` is set to the highest `count` of its sessions. */
export const loadCopy = (object: AnyObject, { held, sessions }: SavedCopy): SessionedCopy => ({
  held: object.load(held),
  sessions: new Map(sessions),
  count: sessions.reduce((most, [, { count }]) => Math.max(most, count), 0),
})

/**
 * "if it receives a command whose serial number has already been executed, it responds immediately without re-executing
 * the request" (Raft §8).
 */
export function applyOnce(object: AnyObject, copy: SessionedCopy, { input, session }: Command): Completion {
  const { held, sessions } = copy
  if (session === undefined) return object.apply(held, input)
  const last = sessions.get(session.client)
  if (last !== undefined && session.sequence < last.sequence)
    return { type: 'info', error: 'superseded by a later request of the same session' }
  if (last !== undefined && session.sequence === last.sequence) return last.result
  const result = object.apply(held, input)
  remember(copy, session, result)
  return result
}

export function remember(copy: SessionedCopy, { client, sequence }: Session, result: Completion): void {
  copy.count++
  copy.sessions.set(client, { sequence, result, count: copy.count })
  if (copy.sessions.size > SESSION_LIMIT) forgetOldest(copy.sessions)
}

export function wasApplied({ sessions }: SessionedCopy, { session }: Command): boolean {
  const last = session === undefined ? undefined : sessions.get(session.client)
  return last !== undefined && session !== undefined && session.sequence <= last.sequence
}

/**
 * Removes the least recently used sessions. Every copy applies requests in the order of the log, so every copy removes
 * the same sessions.
 */
function forgetOldest(sessions: Map<string, LastRequest>): void {
  const byAge = [...sessions].sort(([, one], [, other]) => one.count - other.count)
  for (const [client] of byAge.slice(0, SESSIONS_FORGOTTEN)) sessions.delete(client)
}
