import type { EventInput, Json } from '../event/event.ts'
import type { EventSink } from '../event/sink.ts'
import { replacesWhole, takesNothing } from '../operations/meaning.ts'
import { isClient } from '../tables/processes.ts'
import { plural } from '../text/figures.ts'

/** The maximum number of events that are held back while it is unknown whether values have versions. */
const MOST_HELD = 10_000

interface Options {
  readonly source: string
  readonly sink: EventSink
}

/**
 * Removes versions, as in Jepsen's tests of etcd: a write is invoked with `[nil 3]` and returns `[1 3]`, a read with
 * `[nil nil]`, a cas with `[nil [3 4]]`. The versions are not checked.
 */
export class VersionedValues {
  readonly #options: Options
  #isVersioned: boolean | undefined
  #held: { readonly event: EventInput; readonly line: number }[] = []
  #versions = 0
  #isAsked = false

  constructor(options: Options) {
    this.#options = options
  }

  /** Whether it is known that the history's values are plain values, not pairs of a version and a value. */
  get areWhole(): boolean {
    return this.#isVersioned === false
  }

  take(event: EventInput, line: number): void {
    if (this.#isVersioned === false) {
      this.#options.sink.event(event, line)
      return
    }
    if (this.#isVersioned === undefined) {
      this.#isVersioned = this.#isVersionedBy(event)
      if (this.#isVersioned === undefined) {
        this.#held.push({ event, line })
        if (this.#held.length > MOST_HELD) this.#decide(false)
        return
      }
      this.#decide(this.#isVersioned)
    }
    this.#pass(event, line)
  }

  end(): void {
    if (this.#isVersioned === undefined) this.#decide(false)
    const { source, sink } = this.#options
    if (this.#versions > 0)
      sink.warn(
        `${source}: ${plural(this.#versions, 'value')} with a version, as in [version value]: chaos judges the values and ignores the versions.`,
      )
  }

  #decide(isVersioned: boolean): void {
    this.#isVersioned = isVersioned
    for (const { event, line } of this.#held) this.#pass(event, line)
    this.#held = []
  }

  #pass(event: EventInput, line: number): void {
    const { value } = event
    if (this.#isVersioned !== true || !isClient(event.process) || !isVersioned(value)) {
      this.#options.sink.event(event, line)
      return
    }
    if (value[0] !== null) this.#versions += 1
    this.#options.sink.event({ ...event, value: value[1] }, line)
  }

  /** Whether values have versions; undefined if this event does not show it. Only answers have a version. */
  #isVersionedBy({ process, type, f, value }: EventInput): boolean | undefined {
    if (!isClient(process)) return undefined
    if (type === 'invoke' && takesNothing(f) && (value === undefined || value === null)) return false
    if (!isVersioned(value)) return value === undefined && type !== 'invoke' ? undefined : false
    const [version, own] = value
    if (type === 'invoke') {
      if (version !== null) return false
      if (takesNothing(f)) return own === null
      if (f === 'cas') return Array.isArray(own) && own.length === 2
      this.#isAsked = replacesWhole(f)
      return this.#isAsked ? undefined : false
    }
    if (!this.#isAsked) return false
    return type === 'ok' ? typeof version === 'number' : undefined
  }
}

const isVersioned = (value: Json | undefined): value is readonly [Json, Json] =>
  Array.isArray(value) && value.length === 2 && (value[0] === null || Number.isSafeInteger(value[0]))
