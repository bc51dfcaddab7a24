import { describe, expect, test } from 'vitest'
import { statementsOf } from '../../../src/mysql/sql-tokens.ts'

/**
 * Prints each token as its kind, with its text in brackets. A plain word is printed alone: `select string[a] quoted[b]
 * number[1]`.
 */
const written = (sql: string): readonly string[] | undefined =>
  statementsOf(sql)?.map((tokens) =>
    tokens
      .map((token) => {
        if (token.kind === 'word') return token.quoted ? `quoted[${token.text}]` : token.text
        return token.kind === 'parameter' ? `parameter[${token.number}]` : `${token.kind}[${token.text}]`
      })
      .join(' '),
  )

describe('the tokens of a MySQL text', () => {
  test.each<readonly [sql: string, ...statements: string[]]>([
    [''],
    [' ; ; '],
    ['SELECT 1;select 2 ;', 'select number[1]', 'select number[2]'],
    ['.5 1e5 1.5E-3', 'number[.5] number[1e5] number[1.5E-3]'],
    ['SET Ü$1=?, b=?', 'set ü$1 symbol[=] parameter[1] symbol[,] b symbol[=] parameter[2]'],
    ['? ; ?', 'parameter[1]', 'parameter[2]'],
    ['true false `true`', 'number[1] number[0] quoted[true]'],
    ['a:=b<=>c->>d', 'a symbol[:=] b symbol[<=>] c symbol[->>] d'],
    ['a && b || c XOR d `xor`', 'a and b or c or d quoted[xor]'],
  ])('the tokens of a MySQL text divide it into statements, with names in lower case: %s', (sql, ...statements) => {
    expect(written(sql)).toEqual(statements)
  })

  test.each<readonly [sql: string, ...statements: string[]]>([
    ['/**/a', 'a'],
    ['/*/a*/b', 'b'],
    ['a/*b*/c', 'a c'],
    ['a# b\nc', 'a c'],
    ['a-- b\nc', 'a c'],
    ['a --', 'a'],
    ['a--b', 'a symbol[-] symbol[-] b'],
    ['# a'],
  ])('the tokens of a MySQL text do not include its comments: %j', (sql, ...statements) => {
    expect(written(sql)).toEqual(statements)
  })

  test.each<readonly [sql: string, statement: string]>([
    ["''", 'string[]'],
    ["'it''s'", "string[it's]"],
    ['"a""b"', 'string[a"b]'],
    [`'a""b'`, 'string[a""b]'],
    ["'a\\'b'", "string[a'b]"],
    [`'\\n""'''`, `string[\n""']`],
    ["'\\%\\_\\x'", 'string[\\%\\_x]'],
    ['`A``B`', 'quoted[a`b]'],
    ['`a\\`b', 'quoted[a\\] b'],
  ])('the tokens of a MySQL text include its quotations: %s', (sql, statement) => {
    expect(written(sql)).toEqual([statement])
  })

  test.each(["'a", '"a', '`a', "'a''", "'a\\'", '/* a', '/*/', '/*! a */', '/*!40000 a */', '/*M! a */'])(
    'the tokens of a MySQL text are unknown if it has an unfinished part or an executable comment: %s',
    (sql) => {
      expect(statementsOf(sql)).toBeUndefined()
    },
  )

  test.each<readonly [sql: string, statement: string]>([
    ['SELECT SQL_CACHE HIGH_PRIORITY a', 'select a'],
    ["SELECT 'sql_cache'", 'select string[sql_cache]'],
    ['SELECT `sql_cache`', 'select quoted[sql_cache]'],
    ['SQL_CACHE a', 'sql_cache a'],
    ['SELECT a STRAIGHT_JOIN b', 'select a straight_join b'],
    ['`select` sql_cache', 'quoted[select] sql_cache'],
    ['SELECT DISTINCTROW a', 'select distinct a'],
    ['SELECT a distinctrow', 'select a distinctrow'],
    ['a LOCK IN SHARE MODE b', 'a for share b'],
    ['`lock` IN SHARE MODE', 'quoted[lock] in share mode'],
    ['LOCK TABLES SHARE MODE', 'lock tables share mode'],
    ['LOCK IN a MODE', 'lock in a mode'],
    ['LOCK IN SHARE a', 'lock in share a'],
    ['a IN SHARE MODE', 'a in share mode'],
    ['LOCK a', 'lock a'],
  ])("the tokens of a MySQL text replace MySQL's words by PostgreSQL's, and omit hints: %s", (sql, statement) => {
    expect(written(sql)).toEqual([statement])
  })
})
