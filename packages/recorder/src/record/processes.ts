import { sessionText } from './event-line.ts'

/** A logical clock: returns increasing numbers. */
export class Ticks {
  #last = 0

  next(): number {
    this.#last++
    return this.#last
  }
}

/**
 * The maximum number of remembered sessions. A forgotten session that returns gets new processes, under its old name.
 */
const MOST_SESSIONS = 100_000

const COPY = "the proxy's copy"
const EXPIRY = 'expiry'

/** Assigns process numbers. The operations of one process are consecutive. */
export class Processes {
  #next = 0
  #copies = 0
  #expiries = 0
  readonly #ticks: Ticks
  readonly #sessions: Map<string, Lanes> = new Map()

  constructor(ticks: Ticks) {
    this.#ticks = ticks
  }

  /** The processes of one connection of an unnamed client. */
  lanes(): Lanes {
    return new Lanes(() => this.#next++, this.#ticks, undefined)
  }

  /**
   * Returns the process of a duplicate that the proxy sent. If clients have names, the duplicate counts as a separate
   * client.
   */
  lanesOfCopy(): Lanes {
    return new Lanes(() => this.#next++, this.#ticks, `${COPY} ${++this.#copies}`)
  }

  /** Returns the process of a key's expiry. If clients have names, the expiry counts as a separate client. */
  lanesOfExpiry(): Lanes {
    return new Lanes(() => this.#next++, this.#ticks, `${EXPIRY} ${++this.#expiries}`)
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

/** Idle processes of one client, the least recently used first. Concurrent requests have different processes. */
export class Lanes {
  readonly session: string | undefined
  /** The text of the `session` member of invocations. */
  readonly sessionMember: string
  readonly #create: () => number
  readonly #ticks: Ticks
  readonly #idle: number[] = []
  /** By idle process: the tick at which it became idle. */
  readonly #idleSince: number[] = []

  constructor(create: () => number, ticks: Ticks, session: string | undefined) {
    this.#create = create
    this.#ticks = ticks
    this.session = session
    this.sessionMember = session === undefined ? '' : sessionText(session)
  }

  /** Takes a process that has been idle since `tick` or earlier; without a tick, a process that is idle now. */
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

  /**
   * Returns a process after its operation. A process whose operation ended in `info` is never returned, and so is
   * retired.
   */
  giveBack(process: number): void {
    this.#idle.push(process)
    this.#idleSince.push(this.#ticks.next())
  }
}
