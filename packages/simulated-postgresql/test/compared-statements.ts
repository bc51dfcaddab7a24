import { afterAll, beforeAll } from 'vitest'
import { startCalculator } from '../src/functions/pglite.ts'
import { loadParser } from '../src/sql/parse.ts'
import type { Calculator } from '../src/types/calculator.ts'
import { OTHER_DETAILS, OTHER_MESSAGES, OTHER_POSITIONS } from './compared/other-messages.ts'
import { type Answer, type Oracle, sameAnswer, startOracle } from './oracle.ts'
import { type RandomStatement, randomFrom } from './random-expressions.ts'
import { randomScript } from './random-scripts.ts'
import { ROWS, randomStatement, SCHEMA } from './random-statements.ts'
import { SimulatedAnswers } from './simulated-answers.ts'

// Here, this package and PostgreSQL execute random statements over four tables, or given scripts.

/** After this many statements, the tables get their initial contents again. */
const RESET_EVERY = 200

let oracle: Oracle
let calculator: Calculator
let session: SimulatedAnswers

beforeAll(async () => {
  await loadParser()
  ;[oracle, calculator] = await Promise.all([startOracle(), startCalculator()])
}, 120_000)
afterAll(() => oracle.close())

async function reset(): Promise<void> {
  session = new SimulatedAnswers(calculator)
  await oracle.execute('rollback; deallocate all; close all')
  await oracle.execute('drop table if exists t2, t1, t3, t4; drop domain if exists rate')
  await oracle.execute('create extension if not exists btree_gist')
  session.execute('create extension btree_gist')
  for (const sql of [...SCHEMA, ...ROWS]) {
    await oracle.execute(sql)
    session.execute(sql)
  }
}

/**
 * Returns the answer in a comparable form. Its rows are sorted, unless the statement determines their order. Unless
 * `exact`, equal values such as `1.50` and `1.5` get the same text, because PostgreSQL may choose any of them, for
 * example as the value of a group.
 */
function canonical(answer: Answer, { ordered }: RandomStatement, exact: boolean): Answer {
  if (answer.kind !== 'rows') return answer
  const rows = exact ? answer.rows : answer.rows.map((row) => row.map((value, i) => plain(value, answer.oids[i] ?? 0)))
  if (ordered) return { ...answer, rows }
  const keyed = rows.map((row) => ({ row, key: JSON.stringify(row) }))
  return { ...answer, rows: keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row) }
}

function plain(value: string | null, oid: number): string | null {
  if (value === null) return null
  if (oid === 701 || oid === 700) return value === '-0' ? '0' : value
  if (oid === 1042) return value.trimEnd()
  return oid === 1700 ? value.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') : value
}

function same(ours: Answer, theirs: Answer, statement: RandomStatement): boolean {
  return [true, false].some((exact) =>
    sameAnswer(canonical(ours, statement, exact), canonical(theirs, statement, exact)),
  )
}

/**
 * Whether the error is about a value, not about the statement. For some arrays, functions such as array_position report
 * 0A000.
 */
function dataError(answer: Answer): boolean {
  return answer.kind === 'error' && /^(22|0A000)/.test(answer.code)
}

/** The outcome of the comparison of statements. */
export interface Tally {
  readonly differences: string[]
  readonly refusals: Map<string, number>
  readonly planned: string[]
  severalErrors: number
}

/**
 * Executes a statement in both databases and compares the answers. Returns false if the databases may differ
 * afterwards.
 */
async function compared(statement: RandomStatement, before: readonly string[], tally: Tally): Promise<boolean> {
  const ours = session.answer(statement.sql)
  if (ours.kind === 'refused') {
    tally.refusals.set(ours.what, (tally.refusals.get(ours.what) ?? 0) + 1)
    return before.length === 0
  }
  const theirs = await oracle.answer(statement.sql)
  const equal = same(ours, theirs, statement)
  // If a statement has several errors, PostgreSQL's planner decides which one is reported, and whether a failing value
  // is computed at all: it orders conditions by cost and drops what cannot affect the result.
  if (!equal && ours.kind === 'error' && theirs.kind === 'error') tally.severalErrors += 1
  else if (!equal && dataError(ours) !== dataError(theirs)) tally.planned.push(statement.sql)
  else if (!equal) {
    const [one, other] = [ours, theirs].map((answer) => JSON.stringify(answer))
    tally.differences.push([...before, statement.sql, `  simulated  ${one}`, `  PostgreSQL ${other}`].join('\n'))
  }
  // A statement that fails may take any number of values from a sequence before it fails.
  return equal && (ours.kind !== 'error' || !/insert into t2/.test(statement.sql))
}

/** Compares at least `least` random statements of one seed, unless many of them differ. */
export async function compareStatements(seed: number, least: number): Promise<Tally & { readonly count: number }> {
  const tally: Tally = { differences: [], refusals: new Map(), planned: [], severalErrors: 0 }
  let [count, lastReset] = [0, Number.NEGATIVE_INFINITY]
  for (let i = 0; count < least && tally.differences.length < 20; i += 1) {
    if (count - lastReset >= RESET_EVERY) {
      await reset()
      lastReset = count
    }
    const random = randomFrom(seed * 1_000_003 + i)
    const script = random.below(12) === 0 ? randomScript(random) : [randomStatement(random)]
    const before: string[] = []
    for (const statement of script) {
      count += 1
      const alike = await compared(statement, before, tally)
      if (!alike) lastReset = Number.NEGATIVE_INFINITY
      if (!alike) break
      before.push(statement.sql)
    }
  }
  return { ...tally, count }
}

/** Statements that make PostgreSQL's database empty again. */
const FRESH = ['rollback', 'discard all', 'drop schema public cascade; create schema public', "set timezone to 'UTC'"]

/** Executes the statements in an empty simulated database and an empty PostgreSQL. Returns how the answers differ. */
export async function differencesIn(script: readonly string[]): Promise<string> {
  const simulated = new SimulatedAnswers(calculator)
  for (const sql of FRESH) await oracle.execute(sql)
  const differences: string[] = []
  for (const sql of script) {
    const statement = { sql, ordered: sql.includes('order by') }
    const ours = canonical(simulated.answer(sql), statement, true)
    const theirs = canonical(await oracle.answer(sql), statement, true)
    if (!sameAnswer(ours, theirs) || !sameMessage(ours, theirs))
      differences.push(`${sql}\n  simulated  ${JSON.stringify(ours)}\n  PostgreSQL ${JSON.stringify(theirs)}`)
  }
  return differences.join('\n')
}

function sameMessage(ours: Answer, theirs: Answer): boolean {
  if (ours.kind !== 'error' || theirs.kind !== 'error') return true
  if (ours.position !== undefined && ours.position !== theirs.position && !OTHER_POSITIONS.has(ours.message))
    return false
  if (OTHER_MESSAGES.has(ours.message) || OTHER_DETAILS.has(ours.detail ?? ours.message)) return true
  return ours.message === theirs.message && ours.detail === theirs.detail
}
