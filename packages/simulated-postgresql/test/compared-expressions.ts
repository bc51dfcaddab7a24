import { afterAll, beforeAll, expect } from 'vitest'
import { decideText } from '../src/expressions/coerce.ts'
import { compileExpression } from '../src/expressions/compile.ts'
import type { Scope, SessionFacts } from '../src/expressions/env.ts'
import { startCalculator } from '../src/functions/pglite.ts'
import { NotSupported, SqlError } from '../src/sql/error.ts'
import { loadParser, parse } from '../src/sql/parse.ts'
import type { Calculator } from '../src/types/calculator.ts'
import { hexOf } from '../src/types/text.ts'
import { createTypes } from '../src/types/types.ts'
import type { SqlType, SqlValue } from '../src/types/value.ts'
import { type Answer, type Oracle, sameAnswer, startOracle } from './oracle.ts'
import { type Kind, randomExpression, randomFrom } from './random-expressions.ts'

// Random expressions that both this package and PostgreSQL compute.

const DEPTH = 3

const types = createTypes()
let calculator: Calculator
const session: SessionFacts = {
  types,
  get calculator() {
    return calculator
  },
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
  ;[oracle, calculator] = await Promise.all([startOracle(), startCalculator()])
}, 120_000)
afterAll(() => oracle.close())

function computedValue(expression: string): { readonly type: SqlType; readonly value: SqlValue } {
  const { node } = parse(`select ${expression}`)[0] ?? {}
  const target = node !== undefined && 'SelectStmt' in node ? node.SelectStmt.targetList?.[0] : undefined
  if (target === undefined || !('ResTarget' in target) || target.ResTarget.val === undefined)
    throw new Error(expression)
  const compiled = decideText(compileExpression(target.ResTarget.val, scope), scope)
  return { type: compiled.type, value: compiled.evaluate({ row: [], parameters: [], session }) }
}

/** Undefined for an error or a refusal. */
function compiledOf(expression: string): ReturnType<typeof computedValue> | undefined {
  try {
    return computedValue(expression)
  } catch (error) {
    if (error instanceof SqlError || error instanceof NotSupported) return undefined
    throw error
  }
}

function simulated(expression: string): Answer {
  try {
    const { type, value } = computedValue(expression)
    const text = value === null ? null : types.typeOf(type.oid).output(value, session)
    return { kind: 'rows', oids: [type.oid], names: [], rows: [[text]], changed: 0 }
  } catch (error) {
    if (error instanceof NotSupported) return { kind: 'refused', what: error.construct }
    if (error instanceof SqlError) return { kind: 'error', code: error.code, message: error.message }
    throw new Error(`select ${expression}`, { cause: error })
  }
}

/** Returns PostgreSQL's answer without the name of the column. */
async function answerOf(expression: string): Promise<Answer> {
  const answer = await oracle.answer(`select ${expression}`)
  return answer.kind === 'rows' ? { ...answer, names: [] } : answer
}

/**
 * Whether both answers reject a text as a date or time. The error depends on the order in which PostgreSQL reads the
 * fields of the text.
 */
function unreadableMoments(...answers: readonly Answer[]): boolean {
  return answers.every((answer) => answer.kind === 'error' && /^2200[789]$/.test(answer.code))
}

function dataError(answer: Answer): boolean {
  return answer.kind === 'error' && answer.code.startsWith('22')
}

/** The outcome of the comparison of expressions. */
interface Tally {
  readonly differences: readonly string[]
  /**
   * Expressions that fail only in the simulation or only in PostgreSQL, because PostgreSQL's planner decides which
   * parts are computed.
   */
  readonly planned: readonly string[]
  readonly refused: ReadonlyMap<string, number>
}

/** Compares random expressions of a seed with PostgreSQL. */
export async function compareExpressions(seed: number, count: number): Promise<Tally> {
  const differences: string[] = []
  const planned: string[] = []
  const refused = new Map<string, number>()
  for (let i = 0; i < count; i += 1) {
    const draw = (hidden: boolean) => randomExpression(randomFrom(seed * 1_000_003 + i), DEPTH, { hidden })
    const expression = draw(false)
    const ours = simulated(expression)
    if (ours.kind === 'refused') {
      refused.set(ours.what, (refused.get(ours.what) ?? 0) + 1)
      continue
    }
    const theirs = await answerOf(expression)
    if (sameAnswer(ours, theirs) || unreadableMoments(ours, theirs)) continue
    // PostgreSQL's planner computes constants in advance, even in branches that are never taken. If several parts fail,
    // it may therefore report the error of another part. It may also report no error, because it does not call a strict
    // function if one argument is a constant null. `draw(true)` has subqueries instead of literals. The planner does
    // not compute these in advance, so the answers must then agree.
    if ((theirs.kind === 'error' || ours.kind === 'error') && sameAnswer(ours, await answerOf(draw(true)))) continue
    // `draw(true)` replaces only literals, so PostgreSQL may still compute other constants in advance.
    if (ours.kind !== theirs.kind && dataError(ours) !== dataError(theirs)) planned.push(expression)
    else differences.push(`${expression}\n  simulated  ${JSON.stringify(ours)}\n  PostgreSQL ${JSON.stringify(theirs)}`)
  }
  return { differences, planned, refused }
}

/** PostgreSQL's functions that return the binary form of values, by kind of type. */
const SENDERS: Readonly<Partial<Record<Kind, string>>> = {
  int: 'int4send',
  big: 'int8send',
  num: 'numeric_send',
  float: 'float8send',
  text: 'textsend',
  bool: 'boolsend',
  date: 'date_send',
  ts: 'timestamp_send',
  tstz: 'timestamptz_send',
  interval: 'interval_send',
  time: 'time_send',
  jsonb: 'jsonb_send',
  ints: 'array_send',
  texts: 'array_send',
  uuid: 'uuid_send',
  bytea: 'byteasend',
  range: 'range_send',
  span: 'range_send',
}

const KIND_TYPES: Readonly<Partial<Record<Kind, number>>> = {
  int: 23,
  big: 20,
  num: 1700,
  float: 701,
  text: 25,
  bool: 16,
  date: 1082,
  ts: 1114,
  tstz: 1184,
  interval: 1186,
  time: 1083,
  jsonb: 3802,
  ints: 1007,
  texts: 1009,
  uuid: 2950,
  bytea: 17,
  range: 3904,
  span: 3908,
}

/**
 * Expects that random values have the same binary form as in PostgreSQL, and that this form is read as the same value.
 */
export async function compareBinaryForms(seed: number, count: number): Promise<void> {
  const kinds = Object.keys(SENDERS) as Kind[]
  for (let i = 0; i < count; i += 1) {
    const random = randomFrom(seed * 1_000_003 + i)
    const kind = random.pick(kinds)
    const expression = randomExpression(random, 1, {}, kind)
    const compiled = compiledOf(expression)
    const type = compiled === undefined ? undefined : types.typeOf(compiled.type.oid)
    const value = compiled?.value ?? null
    if (type === undefined || value === null) continue
    const theirs = await oracle.answer(`select encode(${SENDERS[kind]}(${expression}), 'hex')`)
    // The value must have the type that the kind implies. PostgreSQL sends other types by other functions.
    if (theirs.kind !== 'rows' || KIND_TYPES[kind] !== type.oid) continue
    const bytes = type.send(value, session)
    expect([expression, hexOf(bytes)]).toEqual([expression, theirs.rows[0]?.[0]])
    const read = type.receive(bytes, session, -1)
    expect([expression, type.output(read, session)]).toEqual([expression, type.output(value, session)])
  }
}
