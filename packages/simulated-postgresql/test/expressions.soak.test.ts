import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { compileResult } from '../src/expressions/compile.ts'
import type { Scope, SessionFacts } from '../src/expressions/env.ts'
import { NotSupported, SqlError } from '../src/sql/error.ts'
import { loadParser, parse } from '../src/sql/parse.ts'
import { createTypes } from '../src/types/types.ts'
import { type Answer, type Oracle, sameAnswer, startOracle } from './oracle.ts'
import { randomExpression, randomFrom } from './random-expressions.ts'

// Random expressions, computed here and by PostgreSQL. CHAOS_SOAK=short does a few thousand.
const EXPRESSIONS = process.env['CHAOS_SOAK'] === 'short' ? 4_000 : 60_000
const DEPTH = 3

const types = createTypes()
const session: SessionFacts = {
  types,
  setting: () => undefined,
  now: () => 757_382_400_000_000n,
  clock: () => 757_382_400_000_000n,
  statementStart: () => 757_382_400_000_000n,
  random: () => 0.5,
  user: 'postgres',
  database: 'postgres',
  pid: 1,
  functions: new Map(),
}
const scope: Scope = {
  context: session,
  column: (names) => {
    throw new SqlError('42703', `column "${names.join('.')}" does not exist`)
  },
  parameter: (_, wanted) => wanted ?? { oid: 705, name: 'unknown', typmod: -1 },
}

let oracle: Oracle
beforeAll(async () => {
  await loadParser()
  oracle = await startOracle()
}, 120_000)
afterAll(() => oracle.close())

function simulated(expression: string): Answer {
  try {
    const { node } = parse(`select ${expression}`)[0] ?? {}
    const target = node !== undefined && 'SelectStmt' in node ? node.SelectStmt.targetList?.[0] : undefined
    if (target === undefined || !('ResTarget' in target) || target.ResTarget.val === undefined)
      throw new Error(expression)
    const compiled = compileResult(target.ResTarget.val, scope)
    const value = compiled.evaluate({ row: [], parameters: [], session })
    const text = value === null ? null : types.typeOf(compiled.type.oid).output(value, session)
    return { kind: 'rows', oids: [compiled.type.oid], rows: [[text]] }
  } catch (error) {
    if (error instanceof NotSupported) return { kind: 'refused', what: error.construct }
    if (error instanceof SqlError) return { kind: 'error', code: error.code, message: error.message }
    throw new Error(`select ${expression}`, { cause: error })
  }
}

test(`random expressions have the type and value, or the error, that PostgreSQL gives them`, async () => {
  const seed = inject('seed')
  console.log(`seed ${seed}`)
  const differences: string[] = []
  let refused = 0
  for (let i = 0; i < EXPRESSIONS; i += 1) {
    const draw = (hidden: boolean) => randomExpression(randomFrom(seed * 1_000_003 + i), DEPTH, { hidden })
    const expression = draw(false)
    const ours = simulated(expression)
    if (ours.kind === 'refused') {
      refused += 1
      continue
    }
    const theirs = await oracle.answer(`select ${expression}`)
    if (sameAnswer(ours, theirs)) continue
    // While it plans PostgreSQL computes constants, also in branches that are never taken, and meets another error of several
    // or none: a strict function of a constant null computes nothing. Subqueries are computed when they are needed: with them in place of literals it must agree.
    if (
      (theirs.kind === 'error' || ours.kind === 'error') &&
      sameAnswer(ours, await oracle.answer(`select ${draw(true)}`))
    )
      continue
    differences.push(`${expression}\n  simulated  ${JSON.stringify(ours)}\n  PostgreSQL ${JSON.stringify(theirs)}`)
  }
  expect(differences.slice(0, 20)).toEqual([])
  // Refusals are honest, but a comparison of nothing proves nothing.
  expect(refused / EXPRESSIONS).toBeLessThan(0.1)
})
