import { TimeOrder } from '../builder/time-order.ts'
import type { EventInput, Json } from '../event/event.ts'
import type { EventSink } from '../event/sink.ts'
import { plural } from '../text/figures.ts'

/** For example `["w", key, value]` or `["r", key, value]`. */
export type MicroOperation = readonly [kind: string, key: Json, value: Json]

interface Transaction {
  readonly session: number
  readonly operations: readonly MicroOperation[]
  readonly isCommitted: boolean
  readonly line: number
}

/** Collects transactions that have sessions but no times, and passes them on with equal times (see `TimeOrder`). */
export class Sessions {
  readonly #source: string
  readonly #sink: EventSink
  readonly #transactions: Transaction[] = []

  constructor({ source, sink }: { readonly source: string; readonly sink: EventSink }) {
    this.#source = source
    this.#sink = sink
  }

  add(session: number, operations: readonly MicroOperation[], isCommitted: boolean, line: number): void {
    this.#transactions.push({ session, operations, isCommitted, line })
  }

  /**
   * @param start the number that this format writes for the initial value. If any transaction writes this number
   * itself, the number does not mean the initial value.
   */
  end(start?: 0): void {
    const order = new TimeOrder({ by: 'time' })
    const { sink, ended } = order.file(this.#source)
    const sessions = new Set<number>()
    const kinds = new Set<string>()
    for (const { session, operations, isCommitted, line } of this.#transactions) {
      sessions.add(session)
      for (const [kind, , value] of operations) if (value === start) kinds.add(kind)
      const shared = { process: session, f: 'txn', time: 0 }
      const invoked = operations.map(([kind, key, value]): Json => [kind, key, kind === 'r' ? null : value])
      const events: readonly EventInput[] = [
        { ...shared, type: 'invoke', value: invoked },
        isCommitted ? { ...shared, type: 'ok', value: operations } : { ...shared, type: 'fail', value: invoked },
      ]
      for (const event of events) sink.event(event, line)
    }
    ended(this.#transactions.at(-1)?.line ?? 0)
    const isStart = start !== undefined && kinds.has('r') && !kinds.has('w')
    sink.header({ chaos: 1, model: 'rw-register', ...(isStart ? { initial: start } : {}) })
    this.#sink.warn(
      `${this.#source}: ${plural(this.#transactions.length, 'transaction')} of ${plural(sessions.size, 'session')} without times: only the order within each session is known.`,
    )
    const to = this.#sink
    order.pass({
      header: (header) => to.header(header),
      event: (event, line) => to.event(event, line),
      // Drops warnings about the times, because all times are equal on purpose.
      warn: () => {},
      stamped: (stamps) => to.stamped?.(stamps),
    })
  }
}
