import { meaningOf, writtenValue } from '@chaosproxy/history'
import { type Completions, type Interpretation, UNSAID } from '../record/call.ts'
import { partOf } from '../record/completions.ts'
import type { CommandOperation } from './answers.ts'

/** Maximum number of characters of all remembered values. */
const MOST_CHARACTERS = 16_000_000
const MOST_KEYS = 300_000

interface Held {
  value: string | undefined
  open: number
  /** Whether writes have overlapped, so that the last one is unknown. */
  isMixed: boolean
  writes: number
}

export interface HeldValue {
  readonly value: string
  /** Whether the key was written exactly `writes` times since the value was looked up. */
  readonly isWrittenBy: (writes: number) => boolean
}

/**
 * The last values of keys, for commands that move a value without naming it. After a command that is not recorded,
 * values are unknown for good.
 */
export class HeldValues {
  readonly #keys: Map<string, Held> = new Map()
  #characters = 0
  #isOver = false

  stop(): void {
    this.#isOver = true
    this.#keys.clear()
  }

  lose(key: string): void {
    if (this.#isOver) return
    const held = this.#of(key)
    // A lost value counts as a write that never ends, so the value stays unknown.
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

  /** Call when the replies to writes have arrived. A write without a reply counts as unfinished forever. */
  ended(parts: readonly CommandOperation[], completions: Completions): void {
    if (this.#isOver) return
    for (const [i, part] of parts.entries()) {
      const completion = partOf(completions, i)
      if (part.call.harmless === true || typeof part.call.key !== 'string') continue
      if (completion?.type !== 'ok' && completion?.type !== 'fail') continue
      const held = this.#of(part.call.key)
      held.open--
      if (held.isMixed) this.#put(held, undefined)
      else if (completion.type === 'ok') this.#put(held, leftBy(part, completion))
      if (held.open === 0) held.isMixed = false
    }
  }

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

/** Returns the text that a key holds after a write, if all of it is known. */
function leftBy(
  { call }: CommandOperation,
  completion: Extract<Interpretation, { readonly type: 'ok' }>,
): string | undefined {
  if (meaningOf(call.f)?.effect !== 'replaces') return undefined
  const recorded = 'value' in completion ? completion.value : call.value
  const value = recorded === UNSAID ? undefined : writtenValue(call.f, recorded)
  return typeof value === 'string' ? value : undefined
}
