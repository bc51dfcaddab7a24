import { sessionText } from './event-line.ts'

export class Ticks {
  #last = 0

  next(): number {
    this.#last++
    return this.#last
  }
}

/** The maximum number of remembered sessions. If a forgotten session returns, it gets new processes. */
const MOST_SESSIONS = 100_000

const COPY = "the proxy's copy"
const EXPIRY = 'expiry'

/** Assigns process numbers, so that a process has one operation at a time. */
export class Processes {
  #next = 0
  #copies = 0
  #expiries = 0
  readonly #ticks: Ticks
  readonly #sessions: Map<string, Lanes> = new Map()

  constructor(ticks: Ticks) {
    this.#ticks = ticks
  }

  lanes(session?: string): Lanes {
    return new Lanes(() => this.#next++, this.#ticks, session)
  }

  /** Returns the processes for the operations of a duplicate request that the proxy sent. */
  lanesOfCopy(): Lanes {
    return this.lanes(`${COPY} ${++this.#copies}`)
  }

  /** Returns processes in a new session, for the expiry of one key. */
  lanesOfExpiry(): Lanes {
    return this.lanes(`${EXPIRY} ${++this.#expiries}`)
  }

  lanesOf(session: string): Lanes {
    const known = this.#sessions.get(session)
    if (known !== undefined) return known
    const lanes = this.lanes(session)
    remember(this.#sessions, session, lanes, MOST_SESSIONS)
    return lanes
  }
}

/** The idle processes of one client. Concurrent requests of a client need several processes. */
export class Lanes {
  readonly session: string | undefined
  /** The text of the `session` member of invocations. */
  readonly sessionMember: string
  readonly #create: () => number
  readonly #ticks: Ticks
  readonly #idle: number[] = []
  readonly #idleSince: number[] = []

  constructor(create: () => number, ticks: Ticks, session: string | undefined) {
    this.#create = create
    this.#ticks = ticks
    this.session = session
    this.sessionMember = session === undefined ? '' : sessionText(session)
  }

  /** Takes a process that has been idle since before `tick`; by default any idle process. */
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

  /** Makes a process idle after its operation. A process whose operation ended as `info` never becomes idle. */
  giveBack(process: number): void {
    this.#idle.push(process)
    this.#idleSince.push(this.#ticks.next())
  }
}

/** Adds the newest entry, and forgets the oldest entry beyond `most`. */
export function remember<Value>(remembered: Map<string, Value>, name: string, value: Value, most: number): void {
  remembered.delete(name)
  remembered.set(name, value)
  const [oldest] = remembered.size > most ? remembered.keys() : []
  if (oldest !== undefined) remembered.delete(oldest)
}
