import { describe, expect, test } from 'vitest'
import { plainWord, shapesOf, statementsOf } from '../../../src/postgresql/sql-tokens.ts'

/**
 * Prints each token as its kind, with its text in brackets. A plain word is printed alone: `select string[a] quoted[b]
 * number[1]`.
 */
const written = (sql: string): readonly string[] | undefined =>
  statementsOf(sql)?.map((tokens) =>
    tokens
      .map((token) => {
        if (token.kind === 'word') return token.quoted ? `quoted[${token.text}]` : token.text
        return token.kind === 'parameter' ? `parameter[${token.text} ${token.number}]` : `${token.kind}[${token.text}]`
      })
      .join(' '),
  )

describe('the tokens of a PostgreSQL text', () => {
  test.each<readonly [sql: string, ...statements: string[]]>([
    [''],
    [' ;; '],
    ['SELECT a;b ;', 'select a', 'b'],
    ['1.5e3 .5 1e+5 1.', 'number[1.5e3] number[.5] number[1e+5] number[1.]'],
    ['a.b . c', 'a symbol[.] b symbol[.] c'],
    ['$1 $12 $ a', 'parameter[$1 1] parameter[$12 12] symbol[$] a'],
    [
      'a::b<>c!=d<=e>=f||g<h',
      'a symbol[::] b symbol[<>] c symbol[!=] d symbol[<=] e symbol[>=] f symbol[||] g symbol[<] h',
    ],
    ['a->b', 'a symbol[-] symbol[>] b'],
    ['É naïve é1$ a\u00a0b', 'é naïve é1$ a b'],
    ['𝒳y € 💥', '𝒳y symbol[€] symbol[💥]'],
    ['a\u007fb', 'a symbol[\u007f] b'],
  ])(
    'the tokens of a PostgreSQL text divide it into statements, with names in lower case: %s',
    (sql, ...statements) => {
      expect(written(sql)).toEqual(statements)
    },
  )

  test.each<readonly [sql: string, ...statements: string[]]>([
    ['a--b\nc', 'a c'],
    ['a --b', 'a'],
    ['--b'],
    ['a-b', 'a symbol[-] b'],
    ['/* a /* b */ c */ d', 'd'],
    ['/**/a', 'a'],
    ['/*/a*/b', 'b'],
    ['a/*b*/c', 'a c'],
    ['a / b', 'a symbol[/] b'],
  ])('the tokens of a PostgreSQL text do not include its comments, even nested comments: %j', (sql, ...statements) => {
    expect(written(sql)).toEqual(statements)
  })

  test.each<readonly [sql: string, statement: string]>([
    ["''", 'string[]'],
    ["'it''s' 'a''''b'", "string[it's] string[a''b]"],
    ['"A" "B""c"', 'quoted[A] quoted[B"c]'],
    ["E'a' e'b''c' E'' x'ff'", "string[a] string[b'c] string[] x string[ff]"],
    ["E'a\\'b' E'''\\\\''' c", "symbol[E''] symbol[E''] c"],
    ["'a\\'", 'string[a\\]'],
    ['$$a$$ $t$b $$ c$t$ d', 'string[a] string[b $$ c] d'],
  ])('the tokens of a PostgreSQL text include its quotations: %s', (sql, statement) => {
    expect(written(sql)).toEqual([statement])
  })

  test.each(["'a", "'a''", '"a', "E'a", "E'a\\'", "E'a''", '$$a', '$t$a$$', '/* a', '/* /* */'])(
    'the tokens of a PostgreSQL text are unknown if a quotation or a comment has no end: %s',
    (sql) => {
      expect(statementsOf(sql)).toBeUndefined()
      expect(shapesOf(sql)).toEqual([])
    },
  )

  test('plainWord accepts only unquoted words', () => {
    expect(statementsOf(`a "b" 'c' 1`)?.[0]?.map(plainWord)).toEqual(['a', undefined, undefined, undefined])
  })
})

describe('the text by which a PostgreSQL statement is displayed', () => {
  test.each<readonly [sql: string, ...shapes: string[]]>([
    ["select t.a , f ( 'b' ) from t where c = 1", 'SELECT t.a, f (?) FROM t WHERE c = ?'],
    ['update "select" set a = $1::int', 'UPDATE select SET a = $1::int'],
    ['begin; ;commit', 'BEGIN', 'COMMIT'],
    [''],
  ])('the displayed text of a PostgreSQL statement omits its values: %s', (sql, ...shapes) => {
    expect(shapesOf(sql)).toEqual(shapes)
  })

  test('the displayed text of a PostgreSQL statement is cut after 100 characters', () => {
    expect(shapesOf('a'.repeat(100))).toEqual(['a'.repeat(100)])
    expect(shapesOf(`b${'a'.repeat(100)} c`)).toEqual([`b${'a'.repeat(99)}…`])
  })
})
