import type { Random, SqlFault, UnansweredFault } from '@chaosproxy/faults'
import { linkName } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import { Rule, type Standing } from '../link/rule.ts'
import { compileStatement } from './statement-match.ts'

export type StatementFault = SqlFault | UnansweredFault

export class StatementRule extends Rule<StatementFault> {
  readonly #meets: (sql: string) => boolean
  readonly #isExcluded: (sql: string) => boolean

  constructor(standing: Standing<StatementFault>, random: Random) {
    super(standing, random)
    const { statement, not } = standing.fault.match ?? {}
    this.#meets = statement === undefined ? () => true : compileStatement(statement)
    this.#isExcluded = not?.statement === undefined ? () => false : compileStatement(not.statement)
  }

  isFor(sql: string): boolean {
    return this.#meets(sql) && !this.#isExcluded(sql)
  }
}

/** @throws UserError (usage) for conditions that no statement can meet. */
export function validateStatementFault({ kind, links, match }: StatementFault): void {
  const names = [match ?? {}, match?.not ?? {}].flatMap((conditions) =>
    Object.entries(conditions).flatMap(([name, value]) => (value === undefined ? [] : name)),
  )
  const stranger = names.find((name) => name !== 'statement' && name !== 'not')
  if (stranger === undefined) return
  throw usageError(
    `${kind} on ${links.map(linkName).join(', ')}: "${stranger}" cannot select SQL, and this link carries SQL. Match "statement" instead.`,
  )
}
