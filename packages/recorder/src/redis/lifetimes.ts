import { type Json, readsWhole } from '@chaosproxy/history'
import type { Call, Completions, Interpretation } from '../record/call.ts'
import type { CommandOperation } from './answers.ts'

/** Maximum number of tracked keys. Keys that certainly do not expire are dropped first. */
const MOST_KEYS = 300_000

/** The known facts about a key. Moments are sequence numbers of requests and answers. */
interface Life {
  /** The moments at which the first and the last write of the key were called. */
  firstWriteAt: number
  lastWriteAt: number
  /**
   * The moment from which on the key certainly had no time to live from before the recording: it was absent or newly
   * written, or a command set a new time to live. Infinite before that. Replies to operations that were called after
   * this moment are not examined.
   */
  clearedAt: number
  /**
   * Whether a client saw a value from before the first recorded write. The reply to the first write may also show this
   * value.
   */
  isHeld: boolean
  isAbsent: boolean
  /**
   * The moment at which the last write that kept the time to live returned. `keptCalledAt` is the moment at which this
   * write was called.
   */
  keptAt: number
  keptCalledAt: number
  /**
   * The moment of return of the last write that may have removed the value. Infinite while such a write is in progress.
   */
  removedAt: number
}

const NEVER = Number.POSITIVE_INFINITY
const NOT_YET = -1

/** The reason stated in the marks of keys that may have expired. */
export const MAY_HAVE_EXPIRED =
  'it is gone, and no recorded command removed it: it had a time to live before the recording began, or the server lost it; record with "initial": "read" to find out which'

/**
 * Finds keys that disappeared without a recorded reason: a value was seen, or was written by a command that keeps the
 * time to live, and no recorded command removed it. A key whose time to live was set before the recording may disappear
 * in this way at any time. Once a key was newly written (SET, DEL, …) or absent, it has no such time to live.
 */
export class Lifetimes {
  readonly #lives: Map<string, Life> = new Map()
  #now = 0

  /** Call when operations are called. Returns the number to pass to `ended`. */
  called(parts: readonly CommandOperation[]): number {
    const now = ++this.#now
    for (const { call } of parts) {
      const life = this.#lifeOf(call)
      if (life === undefined || call.harmless === true) continue
      if (life.firstWriteAt === NEVER) life.firstWriteAt = now
      life.lastWriteAt = now
      if (mayRemove(call)) life.removedAt = NEVER
    }
    return now
  }

  /**
   * Call when operations are answered, before any client can see the replies. Returns the keys that may have expired.
   */
  ended(
    parts: readonly CommandOperation[],
    calledAt: number,
    completions: Completions,
    answer: Json | undefined,
  ): readonly string[] {
    const now = ++this.#now
    let expired: string[] | undefined
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]
      const completion = 'type' in completions ? completions : completions[i]
      if (part === undefined || completion === undefined) continue
      const life = this.#lifeOf(part.call)
      if (life === undefined || calledAt > life.clearedAt) continue
      if (completion.type === 'ok') {
        const seen =
          parts.length === 1 && part.sees !== undefined ? part.sees(answer ?? null) : seenBy(part, completion)
        if (isGone(life, seen, calledAt)) {
          expired ??= []
          expired.push(String(part.call.key))
        }
        note(life, part, { seen, calledAt, now })
      }
      if (mayRemove(part.call) && (completion.type === 'ok' || completion.type === 'fail')) life.removedAt = now
    }
    return expired ?? NONE
  }

  /** Call when a command sets a time to live on a key. The new time to live replaces one from before the recording. */
  timed(key: string): void {
    const life = this.#lifeOf({ key })
    if (life !== undefined) life.clearedAt = Math.min(life.clearedAt, this.#now)
  }

  #lifeOf({ key }: Pick<Call, 'key'>): Life | undefined {
    if (typeof key !== 'string') return undefined
    const known = this.#lives.get(key)
    if (known !== undefined) return known
    if (this.#lives.size >= MOST_KEYS) this.#forget()
    const life: Life = {
      firstWriteAt: NEVER,
      lastWriteAt: NOT_YET,
      clearedAt: NEVER,
      isHeld: false,
      isAbsent: false,
      keptAt: NEVER,
      keptCalledAt: NEVER,
      removedAt: NOT_YET,
    }
    this.#lives.set(key, life)
    return life
  }

  /** Forgets keys. The next command on a forgotten key is treated as the first command on it. */
  #forget(): void {
    for (const [key, { clearedAt }] of this.#lives) if (clearedAt !== NEVER) this.#lives.delete(key)
    if (this.#lives.size >= MOST_KEYS) this.#lives.clear()
  }
}

const NONE: readonly string[] = []

/** Whether a call may remove the value: it writes null, or a value that only the reply contains. */
const mayRemove = ({ value, harmless }: Call): boolean =>
  harmless !== true && (value === null || (Array.isArray(value) && value.at(-1) === null))

type Seen = 'value' | 'nothing' | undefined

export function seenBy({ call }: CommandOperation, completion: Interpretation): Seen {
  if (completion.type !== 'ok' || !('value' in completion)) return undefined
  const { value } = completion
  if (readsWhole(call.f)) return value === null ? 'nothing' : 'value'
  if (call.f !== 'cas' || !Array.isArray(value) || value.length !== 2) return undefined
  return value[0] === null ? 'nothing' : 'value'
}

/** Whether a key is absent although no earlier recorded operation explains the absence. */
function isGone(life: Life, seen: Seen, calledAt: number): boolean {
  const isUnwritten = life.lastWriteAt === NOT_YET || (life.firstWriteAt === calledAt && life.lastWriteAt === calledAt)
  if (seen === 'value') {
    if (isUnwritten) life.isHeld = true
    return life.isHeld && life.isAbsent
  }
  if (seen === undefined) return false
  if (isUnwritten) life.isAbsent = true
  if (life.isHeld && life.removedAt === NOT_YET) return true
  return life.keptAt < calledAt && life.removedAt < life.keptCalledAt
}

function note(
  life: Life,
  { call, keepsTimeToLive, isField }: CommandOperation,
  { seen, calledAt, now }: { readonly seen: Seen; readonly calledAt: number; readonly now: number },
): void {
  // An absent key has no time to live, and neither has its next value. But the hash of an absent field may have one.
  const isClear = (seen === 'nothing' && isField !== true) || (call.harmless !== true && keepsTimeToLive !== true)
  if (isClear) life.clearedAt = Math.min(life.clearedAt, now)
  if (call.harmless === true || keepsTimeToLive !== true) return
  if (mayRemove(call)) return
  life.keptAt = now
  life.keptCalledAt = calledAt
}
