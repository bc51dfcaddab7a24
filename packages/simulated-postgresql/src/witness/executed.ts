import type { Rows, Run } from '../execute/model.ts'
import type { Plan } from '../execute/plan.ts'
import { type Changes, type Met, View } from '../execute/view.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import type { Subtransaction } from '../storage/model.ts'
import { textOf } from './versions.ts'

/** An executed statement that can be evaluated again. */
export interface Executed {
  readonly sql: string
  readonly from: number
  readonly to: number
  readonly plan: Plan
  readonly run: Run
  readonly met: Met
  readonly part: Subtransaction
  readonly result: { readonly tag: string; readonly rows: Rows }
  /** What `statement_timestamp()` was. */
  readonly started: bigint
  readonly version: number
}

const NO_CHANGES: Changes = new Map()

/** Evaluates an executed statement again, with other versions of some rows. */
export class RepeatedEvaluation {
  readonly #executed: Executed
  readonly #version: number
  #unchanged: string | undefined
  #isEvaluated = false

  /** @param version the present version of the catalogue. */
  constructor(executed: Executed, version: number) {
    this.#executed = executed
    this.#version = version
  }

  /**
   * The result of the statement when it is evaluated again with the rows that it saw. Undefined if this is not the
   * original result: the statement then depends on more than the rows.
   */
  get unchanged(): string | undefined {
    if (this.#isEvaluated) return this.#unchanged
    this.#isEvaluated = true
    const answer = this.#ask(NO_CHANGES)
    if (answer !== undefined && answer !== 'error' && this.#isAnswered(answer)) this.#unchanged = linesOf(answer)
    return this.#unchanged
  }

  /** Whether other versions of some rows change the result; undefined if the evaluation fails. */
  differsBy(changes: Changes): boolean | undefined {
    const { unchanged } = this
    const answer = unchanged === undefined ? undefined : this.#ask(changes)
    if (answer === undefined || answer === 'error') return answer && true
    return linesOf(answer) !== unchanged
  }

  #ask(changes: Changes): Rows | 'error' | undefined {
    const { run, plan, met, version, started } = this.#executed
    if (version !== this.#version) return undefined
    const view = new View(run, met, changes)
    const again: Run = {
      ...run,
      ...{ view, met: undefined, memo: new Map(), owed: [], shuffles: false },
      functions: NO_FUNCTIONS,
      callRoutine: refused,
      routineRows: refused,
      random: () => 0,
      now: () => run.transaction.startedAt,
      clock: () => started,
      statementStart: () => started,
      nextValue: refused,
      fire: refused,
      notice() {},
    }
    try {
      const asking = plan.preview(again)
      const step = asking.next()
      return step.done === true ? [...step.value, ...view.previewedRows] : undefined
    } catch (error) {
      return error instanceof SqlError ? 'error' : undefined
    }
  }

  #isAnswered(answer: Rows): boolean {
    const { plan, result } = this.#executed
    switch (plan.writes) {
      case 'INSERT':
      case 'MERGE':
        return true
      case 'UPDATE':
      case 'DELETE':
        return new Set(answer.map(([row]) => row)).size >= Number(result.tag.split(' ')[1])
      default:
        return linesOf(answer) === linesOf(result.rows)
    }
  }
}

/** Returns the rows as text, independent of their order. */
const linesOf = (rows: Rows): string =>
  rows
    .map((row) => row.map(textOf).join('\t'))
    .sort()
    .join('\n')

const NO_FUNCTIONS: Run['functions'] = new Map()

function refused(): never {
  throw new NotSupported('a statement that changes more than the rows of tables')
}
