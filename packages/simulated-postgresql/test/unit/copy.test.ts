import { beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../src/session/session.ts'
import { NotSupported } from '../../src/sql/error.ts'
import { loadParser } from '../../src/sql/parse.ts'
import type { SqlValue } from '../../src/types/value.ts'
import { SimulatedAnswers } from '../simulated-answers.ts'

beforeAll(loadParser)

const TABLE =
  'create table t (id int generated always as identity, v text, twice int generated always as (id * 2) stored, w int default 7)'

function session(...setUp: readonly string[]): SimulatedAnswers {
  const answers = new SimulatedAnswers()
  for (const sql of [TABLE, ...setUp]) answers.execute(sql)
  return answers
}

function started<K extends Outcome['kind']>(sql: string, kind: K, answers = session()): Extract<Outcome, { kind: K }> {
  const outcome = answers.execute(sql)
  if (outcome?.kind !== kind) throw new Error(`${sql}: ${outcome?.kind}`)
  return outcome as Extract<Outcome, { kind: K }>
}

/** Loads rows as COPY FROM does. */
function load(answers: SimulatedAnswers, sql: string, ...rows: readonly (readonly SqlValue[])[]): string {
  const step = started(sql, 'copyIn', answers).finish(rows).next()
  if (step.done !== true || step.value.kind !== 'done') throw new Error('COPY waits')
  return step.value.tag
}

const rowsOf = (answers: SimulatedAnswers, sql: string): unknown => {
  const answer = answers.answer(sql)
  return answer.kind === 'rows' ? answer.rows.map((row) => row.join(',')) : answer
}

describe('COPY TO', () => {
  const ROWS = "insert into t (v) values ('a'), (null)"
  test.each([
    ['copy t to stdout', ['id', 'v', 'w'], 'COPY 2'],
    ['copy t (w, id) to stdout', ['w', 'id'], 'COPY 2'],
    ['copy t (twice) to stdout', ['twice'], 'COPY 2'],
    ['copy (select v from t where id = 1) to stdout', ['v'], 'COPY 1'],
    ['copy (update t set w = 1 returning id) to stdout', ['id'], 'COPY 2'],
  ])('COPY TO returns the columns and the number of rows: %s', (sql, columns, tag) => {
    const outcome = started(sql, 'copyOut', session(ROWS))
    expect([outcome.columns.map(({ name }) => name), outcome.tag]).toEqual([columns, tag])
  })

  test('COPY TO returns the values of each row in the order of the columns', () => {
    expect(started('copy t (w, v, twice) to stdout', 'copyOut', session(ROWS)).rows.toSorted()).toEqual([
      [7, null, 4],
      [7, 'a', 2],
    ])
  })

  test.each([
    ['', 'text', '\t', '\\N', false],
    ['(format text)', 'text', '\t', '\\N', false],
    ['(format csv)', 'csv', ',', '', false],
    ['csv header', 'csv', ',', '', true],
    ['(format binary)', 'binary', '\t', '\\N', false],
    ["(format csv, delimiter ';', null 'none')", 'csv', ';', 'none', false],
    ["(delimiter '|', null '')", 'text', '|', '', false],
    ['(format csv, header)', 'csv', ',', '', true],
    ['(format csv, header true)', 'csv', ',', '', true],
    ['(format csv, header on)', 'csv', ',', '', true],
    ['(format csv, header 1)', 'csv', ',', '', true],
    ['(format csv, header false)', 'csv', ',', '', false],
    ['(format csv, header off)', 'csv', ',', '', false],
    ['(format csv, header 0)', 'csv', ',', '', false],
    ["(encoding 'utf8', freeze)", 'text', '\t', '\\N', false],
  ])('COPY TO reads the options "%s"', (options, format, delimiter, nothing, header) => {
    expect(started(`copy t to stdout ${options}`, 'copyOut').format).toEqual({
      ...{ format, delimiter, null: nothing, header },
    })
  })

  test.each([
    ["copy t to '/tmp/x'", 'COPY of a file of the server'],
    ["copy t to program 'cat'", 'COPY of a file of the server'],
    ["copy t from '/tmp/x'", 'COPY of a file of the server'],
    ["copy t to stdout (format csv, quote '|')", 'quote of COPY'],
    ['copy t to stdout (header 1.5)', 'an option of COPY with a value other than a string, integer or boolean'],
  ])('COPY TO is refused as not simulated: %s', (sql, construct) => {
    expect(() => session().execute(sql)).toThrow(new NotSupported(construct))
  })
})

describe('COPY FROM', () => {
  test('COPY FROM inserts given values into identity columns, and fills the columns that it does not name', () => {
    const answers = session()
    expect(load(answers, 'copy t (v, id) from stdin', ['a', 9], [null, 8])).toBe('COPY 2')
    expect(rowsOf(answers, 'select id, v, twice, w from t order by id')).toEqual(['8,,16,7', '9,a,18,7'])
    expect(load(answers, 'copy t from stdin', [5, 'b', 6])).toBe('COPY 1')
    expect(rowsOf(answers, 'select id, v, twice, w from t where id = 5')).toEqual(['5,b,10,6'])
  })

  test('COPY FROM returns the columns of the table', () => {
    expect(started('copy t (w, v) from stdin', 'copyIn').columns).toMatchObject([
      { name: 'w', attribute: 4, type: { name: 'int4' } },
      { name: 'v', attribute: 2, type: { name: 'text' } },
    ])
  })

  test('COPY FROM undoes all rows and fails the transaction if one row fails', () => {
    const answers = session('alter table t add check (w > 0)', 'begin')
    expect(() => load(answers, 'copy t from stdin', [1, 'a', 1], [2, 'b', 0])).toThrow('violates check constraint')
    expect(answers.answer('select 1')).toMatchObject({ code: '25P02' })
    answers.execute('rollback')
    expect(rowsOf(answers, 'select count(*) from t')).toEqual(['0'])
  })

  test.each([
    ['copy t (nothing) from stdin', '42703'],
    ['copy nothing from stdin', '42P01'],
  ])('COPY FROM fails for an unknown name: %s', (sql, code) => {
    expect(session().answer(sql)).toMatchObject({ kind: 'error', code })
  })

  test('COPY FROM fails in a read-only transaction, in which COPY TO is allowed', () => {
    const answers = session('begin read only')
    started('copy t to stdout', 'copyOut', answers)
    expect(answers.answer('copy t from stdin')).toMatchObject({
      ...{ code: '25006', message: 'cannot execute COPY FROM in a read-only transaction' },
    })
  })

  const FUNCTION =
    "create function f() returns trigger language plpgsql as $$ begin new.v := 'by f'; return new; end $$"
  test.each([
    ['before insert on t for each row', ['by f']],
    ['after update on t for each row', ['a']],
    ['after delete on t for each statement', ['a']],
  ])('COPY FROM fires a trigger only if it is BEFORE INSERT FOR EACH ROW: %s', (trigger, values) => {
    const answers = session(FUNCTION, `create trigger g ${trigger} execute function f()`)
    load(answers, 'copy t (v) from stdin', ['a'])
    expect(rowsOf(answers, 'select v from t')).toEqual(values)
  })

  test.each([
    ['after insert on t for each row'],
    ['before insert on t for each statement'],
    ['after insert or update on t for each statement'],
  ])('COPY FROM is refused for a table with a trigger %s', (trigger) => {
    const answers = session(FUNCTION, `create trigger g ${trigger} execute function f()`)
    expect(() => answers.execute('copy t from stdin')).toThrow(
      new NotSupported('COPY into a table with AFTER or statement-level triggers'),
    )
  })
})
