import type { EventInput, Json } from '../event/event.ts'
import { brokenRule } from '../event/rules.ts'
import type { EventSink } from '../event/sink.ts'
import { takesNothing } from '../operations/meaning.ts'
import { isClient } from '../tables/processes.ts'
import { isTransaction } from '../tables/transactions.ts'
import { VersionedValues } from './versioned-values.ts'

/** The most events that are held back until an event shows whether values are keyed. */
const MOST_HELD = 200_000

interface Options {
  readonly source: string
  readonly sink: EventSink
  /** Whether a value `[a, b]` means the key `a` and its value `b`. If undefined, the events decide. */
  readonly isKeyed: boolean | undefined
  readonly isTuple: (value: Json) => boolean
}

/**
 * Splits the values of Jepsen's independent tests into key and value. In text, `[k v]` looks like any other pair, so
 * events are held back until an event shows whether values have keys. A read with a key is invoked with `[k nil]`, any
 * other read with nil. A value that is not a pair shows that values have no keys. If no event shows whether values have
 * keys, and some pair has a different meaning with and without keys, the reader throws.
 */
export class KeyedValues {
  readonly #options: Options
  readonly #values: VersionedValues
  #isKeyed: boolean | undefined
  #held: { readonly event: EventInput; readonly line: number }[] = []
  /** The first pair whose meaning depends on whether values are keyed. */
  #matters: { readonly value: Json; readonly line: number } | undefined

  constructor(options: Options) {
    this.#options = options
    this.#values = new VersionedValues(options)
    this.#isKeyed = options.isKeyed
  }

  /**
   * Whether it is known that values contain neither keys nor versions. A value that `isTuple` accepts is nevertheless a
   * pair of a key and a value.
   */
  get areWhole(): boolean {
    return this.#isKeyed === false && this.#values.areWhole
  }

  take(event: EventInput, line: number): void {
    if (this.#isKeyed === undefined) {
      this.#isKeyed = this.#isKeyedBy(event, line)
      if (this.#isKeyed === undefined) {
        this.#held.push({ event, line })
        if (this.#held.length > MOST_HELD) this.#refuse(line)
        return
      }
      this.#release()
    }
    if (this.#isKeyed === false && this.#options.isKeyed === undefined && this.#asksForKey(event)) {
      this.#matters = { value: event.value ?? null, line }
      this.#refuse(line)
    }
    this.#pass(event, line)
  }

  /** Must be called after the last event. */
  end(): void {
    if (this.#isKeyed === undefined) this.#undecided()
    this.#values.end()
  }

  #undecided(): void {
    if (this.#matters !== undefined) this.#refuse(this.#matters.line)
    this.#isKeyed = false
    this.#release()
  }

  #release(): void {
    for (const { event, line } of this.#held) this.#pass(event, line)
    this.#held = []
  }

  #pass(event: EventInput, line: number): void {
    const { value = null } = event
    if (
      this.#options.isKeyed === true &&
      value !== null &&
      event.key === undefined &&
      isClient(event.process) &&
      !isPair(value) &&
      !isKeyedCas(event)
    )
      throw brokenRule(
        this.#options.source,
        line,
        `its value ${JSON.stringify(value)} is not a pair of a key and a value, as --keyed requires of every value. Leave out --keyed.`,
      )
    const isOwn = value === null || event.key !== undefined || !isClient(event.process)
    if (!isOwn && this.#isKeyed === true && isKeyedCas(event)) {
      const [key, ...pair] = value as readonly Json[]
      this.#values.take({ ...event, key: key ?? undefined, value: pair }, line)
      return
    }
    if (isOwn || !isPair(value) || !(this.#isKeyed === true || this.#options.isTuple(value))) {
      this.#values.take(event, line)
      return
    }
    const [key, own] = value
    this.#values.take({ ...event, key: key === null ? undefined : key, value: own }, line)
  }

  /** Whether the history is keyed; undefined if this event does not show it. */
  #isKeyedBy(event: EventInput, line: number): boolean | undefined {
    const { process, type, f, key, value = null } = event
    if (!isClient(process)) return undefined
    if (key !== undefined || this.#options.isTuple(value)) return false
    if (type === 'invoke') {
      if (isKeyedCas(event)) return true
      // A nil in the place of the key shows that the pair has no key.
      if (!isPair(value) || value[0] === null) return false
      if (this.#asksForKey(event)) return true
      // If the second item is plain, the pair consists of the two values of a cas. If the second item is itself a pair,
      // the first item may be a key.
      if (f === 'cas' && !isPair(value[1])) return false
      return isTransaction(f) ? false : undefined
    }
    if (type === 'ok' && value !== null && !isPair(value)) return false
    if (type === 'ok' && isPair(value) && (takesNothing(f) || f === 'cas')) this.#matters ??= { value, line }
    return undefined
  }

  /** Whether a read is invoked with a key. Unkeyed, it would be invoked with nil. */
  #asksForKey({ process, type, f, key, value = null }: EventInput): boolean {
    if (type !== 'invoke' || key !== undefined || !isClient(process) || !takesNothing(f)) return false
    if (!isPair(value) || value[0] === null || this.#options.isTuple(value)) return false
    // In a history with versions, a nil value is written as `[nil nil]`: no version and no value.
    return value[1] === null || (isPair(value[1]) && value[1].every((each) => each === null))
  }

  #refuse(line: number): never {
    const pair = this.#matters === undefined ? '[k v]' : JSON.stringify(this.#matters.value)
    throw brokenRule(
      this.#options.source,
      line,
      `it is unclear whether ${pair} is a key and a value. Give --keyed if it is, as in Jepsen's independent tests (they invoke a read with [k nil]), or --no-keyed if each pair is one value.`,
    )
  }
}

/** A keyed cas has three elements: the key and two values. */
const isKeyedCas = ({ f, value }: EventInput): boolean => f === 'cas' && Array.isArray(value) && value.length === 3

const isPair = (value: Json | undefined): value is readonly [Json, Json] => Array.isArray(value) && value.length === 2
