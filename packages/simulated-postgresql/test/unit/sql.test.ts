import { beforeAll, describe, expect, test } from 'vitest'
import { expectKind, refuseRest } from '../../src/sql/nodes.ts'
import { loadParser, parse } from '../../src/sql/parse.ts'

beforeAll(loadParser)

describe('the SQL parser', () => {
  test('the SQL parser splits a query string into its statements', () => {
    expect(parse('select 1; select 2 ;').map((statement) => statement.sql)).toEqual(['select 1', 'select 2'])
  })

  test('the SQL parser finds no statement in spaces and comments', () => {
    expect(parse('  ')).toEqual([])
    expect(parse('-- nothing')).toEqual([])
  })

  test('the SQL parser counts positions in characters, not in bytes', () => {
    const [statement] = parse("select 'é', x")
    const columns = expectKind(statement!.node, 'SelectStmt').targetList ?? []
    expect(expectKind(columns[1], 'ResTarget').location).toBe(12)
  })

  test('the SQL parser reports the position of a syntax error', () => {
    expect(() => parse("select 'é' frm y z")).toThrow(
      expect.objectContaining({ code: '42601', message: 'syntax error at or near "y"', fields: { position: 16 } }),
    )
  })
})

describe('refuseRest for the fields of a syntax tree node', () => {
  const select = (sql: string) => expectKind(parse(sql)[0]!.node, 'SelectStmt')

  test('refuseRest refuses a set field that its reader left over', () => {
    expect(() => refuseRest('SelectStmt', select('select 1 having true'), ['targetList'])).toThrow(
      expect.objectContaining({ name: 'NotSupported', construct: 'HAVING' }),
    )
  })

  test('refuseRest accepts fields that the statement does not set', () => {
    const { targetList, ...rest } = select('select 1')
    expect(targetList).toHaveLength(1)
    expect(() => refuseRest('SelectStmt', rest)).not.toThrow()
  })
})
