import { meaningOf, writtenValue } from '@chaosproxy/history'
import { type Completions, type Interpretation, UNSAID } from '../record/call.ts'
import type { CommandOperation } from './answers.ts'

/** Maximum number of characters remembered, for all values together. Values of further keys are unknown. */
const MOST_CHARACTERS = 16_000_000
const MOST_KEYS = 300_000

interface Held {
  value: string | undefined
  /** The number of writes in progress. */
  open: number
  /**
   * Whether writes have overlapped since the last moment at which no write was in progress. It is then unknown which
   * write was the last.
   */
  isMixed: boolean
  writes: number
}

export interface HeldValue {
  readonly value: string
  /** Returns whether the key has been written exactly this number of times since this value was looked up. */
  readonly isWrittenBy: (writes: number) => boolean
}

/**
 * The values of keys after the last answered write. Commands that move a value without naming the value need them. Any
 * command that is not a recorded operation makes the value of one key, or of all keys, unknown for good.
 */
export class HeldValues {
  readonly #keys: Map<string, Held> = new Map()
  #characters = 0
  #isOver = false

  /** Marks the values of all keys as unknown from now on. */
  stop(): void {
    this.#isOver = true
    this.#keys.clear()
  }

  /** Marks the key's value as unknown from now on. */
  lose(key: string): void {
    if (this.#isOver) return
    const held = this.#of(key)
    // Counts as a write that never ends.
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

  /** Notes the end of writes. A write without a reply never ends. */
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

  /** The value of a key; undefined if it is unknown, or may be changing. */
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

/**
 * Returns the text that a key holds after a write. Undefined if the key holds no text, or if only part of the text is
 * known.
 */
function leftBy(
  { call }: CommandOperation,
  completion: Extract<Interpretation, { readonly type: 'ok' }>,
): string | undefined {
  if (meaningOf(call.f)?.effect !== 'replaces') return undefined
  const said = 'value' in completion ? completion.value : call.value
  const value = said === UNSAID ? undefined : writtenValue(call.f, said)
  return typeof value === 'string' ? value : undefined
}
