import { describe, expect, test } from 'vitest'
import { printCopy, readCopy } from '../../src/server/copy.ts'
import type { CopyFormat } from '../../src/session/session.ts'

const TEXT: CopyFormat = { format: 'text', delimiter: '\t', null: '\\N', header: false }
const CSV: CopyFormat = { format: 'csv', delimiter: ',', null: '', header: false }
const COLUMNS = ['a', 'b']

describe('COPY FROM', () => {
  test.each([
    ['', []],
    ['x\ty\n', [['x', 'y']]],
    ['x\ty', [['x', 'y']]],
    [
      'x\ty\r\nz\tw\r',
      [
        ['x', 'y'],
        ['z', 'w'],
      ],
    ],
    ['\t\n', [['', '']]],
    ['\\N\t\\\\N\n', [[null, '\\N']]],
    ['a\\tb\tc\\\td\n', [['a\tb', 'c\td']]],
    ['\\b\\f\\n\\r\\v\t\\q\\.\n', [['\b\f\n\r\v', 'q.']]],
    ['\\101\\x42\t\\1\\x4\\12\n', [['AB', '\u0001\u0004\n']]],
    ['\\501\t\\0611\n', [['A', '11']]],
    ['x\ty\n\\.\nz\tw\n', [['x', 'y']]],
    ['\\.\n', []],
  ])('COPY FROM reads the text %j', (text, rows) => expect(readCopy(text, COLUMNS, TEXT)).toEqual(rows))

  test.each([
    ['', []],
    ['x,y\n', [['x', 'y']]],
    ['x,y', [['x', 'y']]],
    ['x,', [['x', null]]],
    [
      ',y\r\nz,w\r',
      [
        [null, 'y'],
        ['z', 'w'],
      ],
    ],
    ['"",""\n', [['', '']]],
    ['"a""b","c,\nd"\n', [['a"b', 'c,\nd']]],
    ['x"y"z,"w"\n', [['xyz', 'w']]],
    ['x,y\n\\.\nz,w\n', [['x', 'y']]],
    ['x,\\.\n', [['x', '\\.']]],
    ['"\\.",y\n', [['\\.', 'y']]],
  ])('COPY FROM reads the CSV %j', (text, rows) => expect(readCopy(text, COLUMNS, CSV)).toEqual(rows))

  test('COPY FROM skips the header, and uses the delimiter and the null text of its options', () => {
    expect(readCopy('a;b\nx;none\n', COLUMNS, { ...CSV, header: true, delimiter: ';', null: 'none' })).toEqual([
      ['x', null],
    ])
    expect(readCopy('a|b\nx|\n', COLUMNS, { ...TEXT, header: true, delimiter: '|', null: '' })).toEqual([['x', null]])
  })

  test.each([
    ['x\n', 'missing data for column "b"'],
    ['x\ty\tz\n', 'extra data after last expected column'],
    ['x\ty\n\n', 'missing data for column "b"'],
  ])('COPY FROM refuses the text %j', (text, message) => expect(() => readCopy(text, COLUMNS, TEXT)).toThrow(message))

  test('COPY FROM refuses CSV in which a quoted value does not end', () => {
    expect(() => readCopy('x,"y\n', COLUMNS, CSV)).toThrow('unterminated CSV quoted field')
  })
})

describe('COPY TO', () => {
  test.each([
    [['x', null], 'x\t\\N\n'],
    [['', '\\N'], '\t\\\\N\n'],
    [['a\tb', '\b\f\n\r\v\\'], 'a\\tb\t\\b\\f\\n\\r\\v\\\\\n'],
  ])('COPY TO writes %j as text', (row, line) => expect(printCopy(row, TEXT)).toBe(line))

  test('COPY TO escapes a delimiter with a backslash', () => {
    expect(printCopy(['a|b', 'a,b'], { ...TEXT, delimiter: '|' })).toBe('a\\|b|a,b\n')
  })

  test.each([
    [['x', null], 'x,\n'],
    [['', 'y'], '"",y\n'],
    [['a,b', 'a;b'], '"a,b",a;b\n'],
    [['a"b', 'a\nb'], '"a""b","a\nb"\n'],
    [['a\rb', '\\.'], '"a\rb","\\."\n'],
  ])('COPY TO writes %j as CSV', (row, line) => expect(printCopy(row, CSV)).toBe(line))
})
