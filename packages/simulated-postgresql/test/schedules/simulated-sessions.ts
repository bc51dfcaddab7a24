import { createEngine } from '../../src/session/engine.ts'
import type { Engine, Execution, Session } from '../../src/session/session.ts'
import { NotSupported, SqlError } from '../../src/sql/error.ts'
import type { Watch } from '../../src/witness/witnessed.ts'

/** What a session has answered since the last statement: `-` if nothing, `waits` if its statement has not ended. */
export type Answer = string

/** Several sessions in virtual time. Each of them executes one statement at a time. */
export interface Sessions {
  /** Sends a statement, continues all sessions until they end or wait, and reports what each session answered. */
  send(session: number, sql: string): Promise<readonly Answer[]> | readonly Answer[]
  /** The message of the last error of a session, with its detail. */
  message(session: number): string | undefined
}

interface Open {
  readonly session: Session
  execution: Execution | undefined
  answer: Answer | undefined
  message: string | undefined
}

interface Timer {
  readonly at: bigint
  readonly run: () => void
}

export type Race = `${'sessions' | 'timers'} of step ${number}`

/**
 * The pause after each statement. It is longer than the deadlock timeout. If a session still waits after the pause, it
 * therefore waits for another session.
 */
const STEP_MICROS = 30_000n
export const DEADLOCK_TIMEOUT = '10ms'

export class SimulatedSessions implements Sessions {
  readonly engine: Engine
  readonly #sessions: readonly Open[]
  /**
   * The races in which the order is reversed: the session that waited for the shortest time continues first, or the
   * timer that was set last fires first.
   */
  readonly #reversed: ReadonlySet<Race>
  readonly #ready: Open[] = []
  #timers: Timer[] = []
  #now = 0n
  #step = 0
  /**
   * Steps in which several sessions continued, or several timers fired, at the same time. In PostgreSQL, any of them
   * may be first.
   */
  readonly races: Race[] = []

  constructor(
    count: number,
    reversed: ReadonlySet<Race> = new Set(),
    settings: Readonly<Record<string, string>> = {},
    watch?: Watch,
  ) {
    this.#reversed = reversed
    this.engine = createEngine({
      time: {
        now: () => this.#now,
        after: (micros, run) => {
          const timer = { at: this.#now + BigInt(Math.round(micros)), run }
          this.#timers.push(timer)
          return () => {
            this.#timers = this.#timers.filter((each) => each !== timer)
          }
        },
      },
      // With this value, rows without ORDER BY keep the order of the table: the shuffle always chooses the last
      // remaining row.
      random: () => 1 - Number.EPSILON,
      settings: new Map(Object.entries({ deadlock_timeout: DEADLOCK_TIMEOUT, ...settings })),
      watch,
    })
    const listener = { notice() {}, notification() {}, parameter() {}, terminated() {} }
    this.#sessions = Array.from({ length: count }, () => ({
      session: this.engine.connect(
        new Map([
          ['user', 'tester'],
          ['database', 'postgres'],
        ]),
        listener,
      ),
      execution: undefined,
      answer: undefined,
      message: undefined,
    }))
  }

  /** Executes statements that must not wait. */
  setUp(sql: string): void {
    const [first] = this.#sessions
    for (const statement of first?.session.parse(sql) ?? []) {
      const step = first!.session.execute(statement, []).next()
      if (step.done !== true) throw new Error(`${statement.sql} waits`)
      first!.session.sync()
    }
  }

  send(session: number, sql: string): readonly Answer[] {
    this.#step++
    const open = this.#sessions[session]!
    try {
      const [statement] = open.session.parse(sql)
      open.execution = open.session.execute(statement!, [])
      this.#advance(open)
    } catch (error) {
      this.#fail(open, error)
    }
    this.#settle()
    return this.#sessions.map((each) => {
      if (each.execution !== undefined) return 'waits'
      const { answer } = each
      each.answer = undefined
      return answer ?? '-'
    })
  }

  message(session: number): string | undefined {
    return this.#sessions[session]?.message
  }

  #settle(): void {
    const until = this.#now + STEP_MICROS
    while (true) {
      const next = this.#winner(this.#ready, 'sessions')
      if (next !== undefined) {
        this.#ready.splice(this.#ready.indexOf(next), 1)
        this.#advance(next)
        continue
      }
      this.#timers.sort((a, b) => Number(a.at - b.at))
      const due = this.#timers.filter(({ at }) => at === this.#timers[0]?.at && at <= until)
      const timer = this.#winner(due, 'timers')
      if (timer === undefined) break
      this.#timers = this.#timers.filter((each) => each !== timer)
      this.#now = timer.at
      timer.run()
    }
    this.#now = until
  }

  #winner<T>(all: readonly T[], what: 'sessions' | 'timers'): T | undefined {
    const race: Race = `${what} of step ${this.#step}`
    if (all.length > 1 && !this.races.includes(race)) this.races.push(race)
    return all.at(this.#reversed.has(race) ? -1 : 0)
  }

  #advance(open: Open): void {
    try {
      const step = open.execution!.next()
      if (step.done !== true) {
        step.value.ready(() => this.#ready.push(open))
        return
      }
      open.session.sync()
      open.session.ready()
      const outcome = step.value
      open.answer =
        outcome.kind === 'rows'
          ? `${outcome.tag}${rowsText(outcome.rows.map((row) => row.map((value, at) => (value === null ? '' : this.engine.types.typeOf(outcome.columns[at]!.type.oid).output(value, open.session.context)))))}`
          : outcome.kind === 'done'
            ? // The driver of the real server does not report the count of a MERGE.
              outcome.tag.replace(/^MERGE .*/, 'MERGE')
            : outcome.kind
      open.execution = undefined
    } catch (error) {
      this.#fail(open, error)
    }
  }

  #fail(open: Open, error: unknown): void {
    if (!(error instanceof SqlError) || error instanceof NotSupported) throw error
    open.answer = `error ${error.code}`
    open.message = [error.message, error.fields.detail].filter(Boolean).join(': ')
    open.execution = undefined
    open.session.ready()
  }
}

/** Returns rows as text in a fixed order, because PostgreSQL promises no order. */
export const rowsText = (rows: readonly (readonly string[])[]): string =>
  rows.length === 0
    ? ''
    : ` ${rows
        .map((row) => row.join(','))
        .sort()
        .join(';')}`
