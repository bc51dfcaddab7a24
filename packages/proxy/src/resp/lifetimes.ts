import type { Json } from '@chaosproxy/history'
import type { Call, Completion, Completions } from '../recorder/call.ts'
import type { Part } from './answers.ts'

/** Keys that are followed. Those that certainly do not expire are forgotten first. */
const MOST_KEYS = 300_000

/** What is known of one key. Moments are numbers of requests and answers, in their order. */
interface Life {
  /** Its first write was called, and its last one. */
  firstWriteAt: number
  lastWriteAt: number
  /** It was known to have no time to live: absent, or written anew. Of no interest to what is called later. */
  clearedAt: number
  /** A value was seen that was there before any write, or that there was none. */
  isHeld: boolean
  isAbsent: boolean
  /** The last write of a value that kept the time to live returned, and when that was called. */
  keptAt: number
  keptCalledAt: number
  /** The last write that may have taken the value away returned; never, while one of them is under way. */
  removedAt: number
}

const NEVER = Number.POSITIVE_INFINITY
const NOT_YET = -1

/** Why the keys are touched. */
export const MAY_HAVE_EXPIRED =
  'it is gone, and nothing that was recorded took it away: it had a time to live before the recording began, or the server lost it; record with "initial": "read" to tell which'

/**
 * A key that had a time to live before anything was recorded may go at any time, and no command of the record says so.
 * Finds the keys that are absent though a value was seen there, or put there without ending its time to live, and
 * nothing recorded took that away.
 *
 * Once a key is written anew (SET, DEL, …), or absent, there is no doubt for what is called after that was known.
 */
export class Lifetimes {
  readonly #lives: Map<string, Life> = new Map()
  #now = 0

  /** Operations are called: a number for `ended`. */
  called(parts: readonly Part[]): number {
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
   * They were answered. The keys that may have expired, of what was in doubt: to be asked before anybody sees how they
   * ended.
   */
  ended(
    parts: readonly Part[],
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

  #lifeOf({ key }: Call): Life | undefined {
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

  /** A key that is forgotten begins anew with its next command, as if it had been there from the start. */
  #forget(): void {
    for (const [key, { clearedAt }] of this.#lives) if (clearedAt !== NEVER) this.#lives.delete(key)
    if (this.#lives.size >= MOST_KEYS) this.#lives.clear()
  }
}

const NONE: readonly string[] = []

/** What it writes is that there is no value, or is not said. */
const mayRemove = ({ value, harmless }: Call): boolean =>
  harmless !== true && (value === null || (Array.isArray(value) && value.at(-1) === null))

type Seen = 'value' | 'nothing' | undefined

function seenBy({ call }: Part, completion: Completion): Seen {
  if (completion.type !== 'ok' || !('value' in completion)) return undefined
  const { value } = completion
  if (call.f === 'read') return value === null ? 'nothing' : 'value'
  if (call.f !== 'cas' || !Array.isArray(value) || value.length !== 2) return undefined
  return value[0] === null ? 'nothing' : 'value'
}

/** What was seen cannot be explained by what was recorded before. */
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
  { call, keepsTimeToLive, isField }: Part,
  { seen, calledAt, now }: { readonly seen: Seen; readonly calledAt: number; readonly now: number },
): void {
  // Where there is no key, the next value has no time to live. A field may be absent of a hash that has one.
  const isClear = (seen === 'nothing' && isField !== true) || (call.harmless !== true && keepsTimeToLive !== true)
  if (isClear) life.clearedAt = Math.min(life.clearedAt, now)
  if (call.harmless === true || keepsTimeToLive !== true) return
  if (mayRemove(call)) return
  life.keptAt = now
  life.keptCalledAt = calledAt
}
