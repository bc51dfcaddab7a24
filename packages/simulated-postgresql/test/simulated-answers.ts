import { createEngine } from '../src/session/engine.ts'
import type { Outcome, Session, SessionListener } from '../src/session/session.ts'
import { NotSupported, SqlError } from '../src/sql/error.ts'
import type { Calculator } from '../src/types/calculator.ts'
import type { Answer } from './oracle.ts'
import { randomFrom } from './random-expressions.ts'

const LISTENER: SessionListener = { notice() {}, notification() {}, parameter() {}, terminated() {} }

/** A session of a new simulated server. It gives its answers in the same form as the oracle. */
export class SimulatedAnswers {
  readonly #session: Session

  constructor(calculator?: Calculator) {
    const random = randomFrom(1)
    const engine = createEngine({
      time: { now: () => 757_382_400_000_000n, after: () => () => {} },
      random: () => random.below(2 ** 30) / 2 ** 30,
      calculator,
    })
    this.#session = engine.connect(new Map([['user', 'postgres']]), LISTENER)
  }

  execute(sql: string): Outcome | undefined {
    const session = this.#session
    let outcome: Outcome | undefined
    for (const statement of session.parse(sql)) {
      const step = session.execute(statement, []).next()
      if (step.done !== true) throw new Error(`waits: ${sql}`)
      outcome = step.value
    }
    session.sync()
    return outcome
  }

  answer(sql: string): Answer {
    try {
      return this.#shown(this.execute(sql))
    } catch (error) {
      if (!(error instanceof NotSupported || error instanceof SqlError)) throw new Error(sql, { cause: error })
      this.#session.fail()
      this.#session.sync()
      if (error instanceof NotSupported) return { kind: 'refused', what: error.construct }
      const { detail, position } = error.fields
      return { kind: 'error', code: error.code, message: error.message, detail, position }
    }
  }

  #shown(outcome: Outcome | undefined): Answer {
    if (outcome === undefined || outcome.kind !== 'rows') {
      const tag = outcome?.kind === 'done' ? outcome.tag : ''
      const count = /^(?:INSERT 0|UPDATE|DELETE|MERGE) (\d+)$/.exec(tag)?.[1] ?? 0
      return { kind: 'rows', oids: [], names: [], rows: [], changed: Number(count) }
    }
    const { context } = this.#session
    const types = outcome.columns.map((column) => context.types.typeOf(column.type.oid))
    return {
      kind: 'rows',
      oids: types.map((type) => type.oid),
      names: outcome.columns.map((column) => column.name),
      rows: outcome.rows.map((row) =>
        row.map((value, i) => (value === null ? null : (types[i]?.output(value, context) ?? null))),
      ),
      changed: /^(INSERT|UPDATE|DELETE|MERGE)/.test(outcome.tag) ? outcome.rows.length : 0,
    }
  }
}
