import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Rows, Run } from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import { addTo } from '../lists.ts'
import type { Transaction } from '../storage/model.ts'
import { Dependencies } from './dependencies.ts'
import type { Executed } from './executed.ts'
import type { Grouping, Watch, Witnessed } from './witnessed.ts'

const TRUNCATE: Plan = {
  ...{ columns: undefined, parameterOids: [], tables: new Map(), writes: 'TRUNCATE', isIdle: false },
  // biome-ignore lint/correctness/useYield: it was executed
  *execute() {
    return { tag: 'TRUNCATE TABLE', rows: [] }
  },
  // biome-ignore lint/correctness/useYield: it depends on nothing
  *preview() {
    return []
  },
}

/** Records the statements of transactions, and reports the dependencies at the end. */
export class Witness {
  readonly #watch: Watch
  readonly #catalogue: Catalogue
  readonly #statements = new Map<Transaction, Executed[]>()
  readonly #began = new WeakMap<Transaction, number>()
  readonly #ended = new Map<Transaction, number>()

  constructor(watch: Watch, catalogue: Catalogue) {
    this.#watch = watch
    this.#catalogue = catalogue
  }

  /** Records the time of the first statement or BEGIN, which matters for real-time order. */
  began(transaction: Transaction): void {
    this.#began.set(transaction, this.now())
  }

  now(): number {
    return this.#watch.now()
  }

  executed(
    plan: Plan,
    run: Run,
    {
      sql,
      began = 0,
      result,
    }: { readonly sql: string; readonly began: number | undefined; readonly result: Executed['result'] },
  ): void {
    const { transaction, met } = run
    if (met === undefined || (plan.tables.size === 0 && plan !== TRUNCATE)) return
    const executed: Executed = {
      ...{ sql, from: began, to: this.now(), plan, run, met, result },
      part: transaction.current,
      started: run.statementStart(),
      version: this.#catalogue.version,
    }
    addTo(this.#statements, transaction, executed)
  }

  /** Records a fetch from a cursor as a statement whose result is the fetched part. */
  readPart(
    plan: Plan,
    run: Run,
    { sql, rows, part }: { readonly sql: string; readonly rows: Rows; readonly part: (rows: Rows) => Rows },
  ): void {
    const reading: Plan = {
      ...plan,
      *preview(again) {
        return part(yield* plan.preview(again))
      },
    }
    this.executed(reading, run, { sql, began: this.now(), result: { tag: '', rows: part(rows) } })
  }

  /** Records a TRUNCATE as a statement whose result depends on no row. */
  emptied(run: Run, { sql, began }: { readonly sql: string; readonly began: number | undefined }): void {
    this.executed(TRUNCATE, run, { sql, began, result: { tag: 'TRUNCATE TABLE', rows: [] } })
  }

  committed(transaction: Transaction): void {
    if (this.#statements.has(transaction)) this.#ended.set(transaction, this.now())
  }

  /** Removes a transaction that was rolled back. */
  aborted(transaction: Transaction): void {
    this.#statements.delete(transaction)
  }

  witnessed(grouping: Grouping): Witnessed {
    const committed = [...this.#statements]
      .filter(([{ state }]) => state === 'committed')
      .map(([transaction, all]) => {
        const statements = all.filter(({ part }) => !part.aborted)
        const ended = this.#ended.get(transaction) ?? 0
        return { transaction, statements, began: this.#began.get(transaction) ?? ended, ended }
      })
      .sort((one, other) => one.transaction.commitNumber - other.transaction.commitNumber)
    return new Dependencies(this.#catalogue, committed, grouping).witnessed()
  }
}
