import { sessionText } from './event-line.ts'

/** Numbers moments: of two, the later one has the larger number. */
export class Ticks {
  #last = 0

  next(): number {
    this.#last++
    return this.#last
  }
}

/** Sessions that are remembered. One that was forgotten comes back with other processes, under the same name. */
const MOST_SESSIONS = 100_000

const COPY = "the proxy's copy"

/** Hands out process numbers: each is one line of operations, one after the other. */
export class Processes {
  #next = 0
  #copies = 0
  readonly #ticks: Ticks
  readonly #sessions: Map<string, Lanes> = new Map()

  constructor(ticks: Ticks) {
    this.#ticks = ticks
  }

  /** The processes of one connection whose client nothing names. */
  lanes(): Lanes {
    return new Lanes(() => this.#next++, this.#ticks, undefined)
  }

  /** The process of one request that the proxy repeats: a client of its own, where clients have names. */
  lanesOfCopy(): Lanes {
    return new Lanes(() => this.#next++, this.#ticks, `${COPY} ${++this.#copies}`)
  }

  /** The processes of one client, over all its connections. */
  lanesOf(session: string): Lanes {
    const known = this.#sessions.get(session)
    if (known !== undefined) return known
    if (this.#sessions.size >= MOST_SESSIONS)
      for (const oldest of this.#sessions.keys()) {
        this.#sessions.delete(oldest)
        break
      }
    const lanes = new Lanes(() => this.#next++, this.#ticks, session)
    this.#sessions.set(session, lanes)
    return lanes
  }
}

/**
 * Processes of one client that have no operation open, the one used longest ago first. Concurrent requests are
 * concurrent processes.
 */
export class Lanes {
  readonly session: string | undefined
  /** As invocations have it. */
  readonly sessionMember: string
  readonly #create: () => number
  readonly #ticks: Ticks
  readonly #idle: number[] = []
  /** When each of them became idle. */
  readonly #idleSince: number[] = []

  constructor(create: () => number, ticks: Ticks, session: string | undefined) {
    this.#create = create
    this.#ticks = ticks
    this.session = session
    this.sessionMember = session === undefined ? '' : sessionText(session)
  }

  /** A process that was idle at the tick, and still is; now, where none is given. */
  take(tick?: number): number {
    if (tick === undefined || (this.#idleSince.at(-1) ?? 0) < tick) {
      this.#idleSince.pop()
      return this.#idle.pop() ?? this.#create()
    }
    const at = this.#idleSince.findLastIndex((since) => since < tick)
    if (at < 0) return this.#create()
    this.#idleSince.splice(at, 1)
    return this.#idle.splice(at, 1)[0] ?? this.#create()
  }

  /** A process that is not given back, since it ended in `info`, is retired. */
  giveBack(process: number): void {
    this.#idle.push(process)
    this.#idleSince.push(this.#ticks.next())
  }
}
