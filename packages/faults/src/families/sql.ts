import { inputError } from '@chaosproxy/history'
import { defineFamily, type FaultOf } from '../definition/family.ts'
import { optional, text } from '../definition/parameter.ts'
import { quote } from '../definition/read-parameters.ts'
import { counting, times } from '../definition/trigger.ts'
import { sqlError } from '../kinds/statements.ts'

/** The first words of a statement, without regard to comments, case and spaces. */
export const statement = optional(text('hit only SQL statements that begin with these words (COMMIT, INSERT INTO t)'))

const match = { statement }

/** Statements are counted from 1 on each link, from when the fault is applied. */
const when = { ...counting('statement'), ...times }

/**
 * Faults of single SQL statements. The links of a fault name the direction of requests, such as `clients>n1`. The HTTP
 * faults `lose-reply` and `crash-before-reply` also act on statements.
 */
export const sqlFamily = defineFamily({
  name: 'sql',
  summary: 'single statements of PostgreSQL, MySQL and MariaDB',
  noun: 'fault of statements',
  kinds: [sqlError],
  match,
  when,
  validateMatch: (given, _, where) => validateStatement(given, `${where}: "match"`),
})

export type SqlFault = FaultOf<typeof sqlFamily.kinds, typeof match, typeof when>

/** @throws UserError (input) if no SQL statement can begin with the words in `statement`. */
export function validateStatement(
  { statement: words }: { readonly statement?: string | undefined },
  where: string,
): void {
  if (words === undefined) return
  const [first = ''] = words.replace(/;\s*$/, '').split(';')
  if (/\w/.test(first) && first === words.replace(/;\s*$/, '')) return
  throw inputError(
    `${where}: "statement" is ${quote(words)}, and no SQL statement begins with these words. The nearest beginning is ${quote(first.trim() || 'COMMIT')}.`,
  )
}
