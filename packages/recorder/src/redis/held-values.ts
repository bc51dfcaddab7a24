import type { Completions, Interpretation } from '../record/call.ts'
import type { CommandOperation } from './answers.ts'

/** The most characters to remember, of all values together. Keys beyond that are not known to hold anything. */
const MOST_CHARACTERS = 16_000_000
const MOST_KEYS = 300_000

interface Held {
  /** Undefined if it is not known. */
  value: string | undefined
  /** Writes under way. */
  open: number
  /** Whether writes overlapped since the last moment without any: nobody knows which was the last. */
  isMixed: boolean
  /** How many writes were called. */
  writes: number
}

/** What a key held, at a moment without writes. */
export interface HeldValue {
  readonly value: string
  /** Whether it was written since by nobody but these. */
  readonly isWrittenBy: (writes: number) => boolean
}

/**
 * What keys hold by the last write that was answered, for commands that move a value without naming it. Everything else
 * than a recorded operation makes a key unknown, or all of them, for good.
 */
export class HeldValues {
  readonly #keys: Map<string, Held> = new Map()
  #characters = 0
  #isOver = false

  /** Any key may hold anything from now on. */
  stop(): void {
    this.#isOver = true
    this.#keys.clear()
  }

  /** The key may hold anything from now on. */
  lose(key: string): void {
    if (this.#isOver) return
    const held = this.#of(key)
    // A write that never ends.
    held.open++
    this.#put(held, undefined)
  }

  called(parts: readonly CommandOperation[]): void {
    if (this.#isOver) return
    for (const { call } of parts) {
      if (call.harmless === true || typeof call.key !== 'string') continue
      const held = this.#of(call.key)
      if (held.open > 0) held.isMixed = true
      held.open++
      held.writes++
    }
  }

  /** One that is never answered is not over. */
  ended(parts: readonly CommandOperation[], completions: Completions): void {
    if (this.#isOver) return
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]
      const completion = 'type' in completions ? completions : completions[i]
      if (part === undefined || part.call.harmless === true || typeof part.call.key !== 'string') continue
      if (completion?.type !== 'ok' && completion?.type !== 'fail') continue
      const held = this.#of(part.call.key)
      held.open--
      if (held.isMixed) this.#put(held, undefined)
      else if (completion.type === 'ok') this.#put(held, leftBy(part, completion))
      if (held.open === 0) held.isMixed = false
    }
  }

  /** Undefined if it is unknown, or may be changing. */
  of(key: string): HeldValue | undefined {
    const held = this.#keys.get(key)
    if (held === undefined || held.value === undefined || held.open !== 0) return undefined
    const { value, writes } = held
    return { value, isWrittenBy: (since) => !this.#isOver && held.value === value && held.writes === writes + since }
  }

  #of(key: string): Held {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const held: Held = { value: undefined, open: 0, isMixed: false, writes: 0 }
    if (this.#keys.size >= MOST_KEYS) this.stop()
    else this.#keys.set(key, held)
    return held
  }

  #put(held: Held, value: string | undefined): void {
    const more = (value?.length ?? 0) - (held.value?.length ?? 0)
    const fits = this.#characters + more <= MOST_CHARACTERS
    this.#characters += fits ? more : -(held.value?.length ?? 0)
    held.value = fits ? value : undefined
  }
}

/** The text that a write has left; undefined if it left none, or only a part of it is known. */
function leftBy(
  { call }: CommandOperation,
  completion: Extract<Interpretation, { readonly type: 'ok' }>,
): string | undefined {
  if (call.f !== 'write' && call.f !== 'cas') return undefined
  const said = 'value' in completion ? completion.value : typeof call.value === 'symbol' ? undefined : call.value
  const value = call.f === 'cas' && Array.isArray(said) ? said.at(-1) : said
  return typeof value === 'string' ? value : undefined
}
