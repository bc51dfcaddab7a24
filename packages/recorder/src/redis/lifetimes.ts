import { type Json, readsWhole } from '@chaosproxy/history'
import type { Call, Completions, Interpretation } from '../record/call.ts'
import { partOf } from '../record/completions.ts'
import type { CommandOperation } from './answers.ts'

/** Maximum number of tracked keys. Those that certainly do not expire are dropped first. */
const MOST_KEYS = 300_000

/** What is known about a key. Its moments are numbers that count requests and answers. */
interface Life {
  /** The moment at which the key's first write was called. */
  firstWriteAt: number
  /** The moment at which the key's last write was called. */
  lastWriteAt: number
  /**
   * From this moment on, the key certainly has no time to live from before the recording, so operations that are called
   * later are not examined. Infinity while the key may have such a time to live.
   */
  clearedAt: number
  /** Whether a client saw a value from before the first recorded write of the key. */
  isHeld: boolean
  isAbsent: boolean
  /** The last write that did not change the time to live: the moment of its reply. */
  keptAt: number
  /** The last write that did not change the time to live: the moment at which it was called. */
  keptCalledAt: number
  /** The moment of the reply to the last write that may have removed the value. Infinite until this reply. */
  removedAt: number
}

const NEVER = Number.POSITIVE_INFINITY
const NOT_YET = -1

export const MAY_HAVE_EXPIRED =
  'it is gone, and no recorded command removed it: it had a time to live before the recording began, or the server lost it; record with "initial": "read" to find out which'

/**
 * Finds keys that disappeared without a recorded reason. The reason may be a time to live that was set before the
 * recording. A key no longer has it once a command has overwritten the key, found the key absent, or set a new time to
 * live.
 */
export class Lifetimes {
  readonly #lives: Map<string, Life> = new Map()
  #now = 0

  /**
   * Notes that a client sent operations. Returns the `calledAt` to pass to `ended` when these operations are answered.
   */
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

  /** Call when operations are answered, before any client sees the answers. Returns the keys that may have expired. */
  ended(
    parts: readonly CommandOperation[],
    calledAt: number,
    completions: Completions,
    answer: Json | undefined,
  ): readonly string[] {
    const now = ++this.#now
    let expired: string[] | undefined
    for (const [i, part] of parts.entries()) {
      const completion = partOf(completions, i)
      if (completion === undefined) continue
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

  /** Call when a command sets a key's time to live, which replaces an earlier one. */
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

  /** Forgets keys. The next command on a forgotten key counts as the first on this key. */
  #forget(): void {
    for (const [key, { clearedAt }] of this.#lives) if (clearedAt !== NEVER) this.#lives.delete(key)
    if (this.#lives.size >= MOST_KEYS) this.#lives.clear()
  }
}

const NONE: readonly string[] = []

/** Whether a call may remove the value: a write of null, or a cas whose new value is null. */
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

/** Whether a key is absent without a recorded reason. */
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
  // An absent key has no time to live, and its next value begins without one. This does not hold for an absent field,
  // because its hash may have a time to live.
  const isClear = (seen === 'nothing' && isField !== true) || (call.harmless !== true && keepsTimeToLive !== true)
  if (isClear) life.clearedAt = Math.min(life.clearedAt, now)
  if (call.harmless === true || keepsTimeToLive !== true) return
  if (mayRemove(call)) return
  life.keptAt = now
  life.keptCalledAt = calledAt
}
