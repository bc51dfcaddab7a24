import type { Json } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { elementsOf, recordedValue, textOf, whyNotCompared } from '../../../src/postgresql/column-values.ts'
import { judgeNotices, judgeReport } from '../../../src/postgresql/errors.ts'
import type { ColumnType } from '../../../src/postgresql/recorded-table.ts'
import { WrittenDecimals } from '../../../src/postgresql/written-decimals.ts'

const column = (type: number) => ({ type, modifier: -1, isComputed: false })

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

describe('a value in the binary format', () => {
  test.each<readonly [string, number, string, string | undefined]>([
    ['int2', 21, 'fffb', '-5'],
    ['int2', 21, '7fff', '32767'],
    ['int2 of another length', 21, '00000001', undefined],
    ['int4', 23, '80000000', '-2147483648'],
    ['int4 of another length', 23, '0001', undefined],
    ['int8', 20, 'fffffffffffffffe', '-2'],
    ['int8', 20, '0020000000000001', '9007199254740993'],
    ['int8 of another length', 20, '00000001', undefined],
    ['bool', 16, '01', 't'],
    ['bool', 16, '00', 'f'],
    ['bool of another length', 16, '0001', undefined],
    ['uuid', 2950, '0123456789abcdef0123456789abcdef', '01234567-89ab-cdef-0123-456789abcdef'],
    ['uuid of another length', 2950, '0123', undefined],
    ['jsonb', 3802, '017b7d', '{}'],
    ['jsonb of another version', 3802, '027b7d', undefined],
    ['text', 25, 'c3a9', 'é'],
    ['text that is not UTF-8', 25, 'ff', undefined],
    ['float8', 701, '3ff0000000000000', undefined],
  ])('a binary value with type %s (number %i) and bytes %s is read as %j', (_, type, bytes, text) => {
    expect(textOf(hex(bytes), 1, type)).toBe(text)
  })

  test('a value in the text format is read as its UTF-8 text, even for a type whose binary format is not read', () => {
    expect(textOf(Buffer.from('1.5'), 0, 701)).toBe('1.5')
    expect(textOf(hex('ff'), 0, 25)).toBeUndefined()
    expect(textOf(null, 1, 701)).toBeNull()
  })
})

describe('an array of keys in the binary format', () => {
  const array = (dimensions: number, type: number, length: number, ...elements: readonly string[]): Buffer =>
    Buffer.concat([
      ...[dimensions, 0, type, length, 1].map((value) => hex(value.toString(16).padStart(8, '0'))),
      ...elements.map((element) => hex(`${(element.length / 2).toString(16).padStart(8, '0')}${element}`)),
    ])
  test.each<readonly [string, Buffer, readonly string[] | undefined]>([
    ['texts', array(1, 25, 2, '61', '6262'), ['a', 'bb']],
    ['an empty text', array(1, 25, 2, '', '61'), ['', 'a']],
    ['whole numbers of 4 bytes', array(1, 23, 1, 'fffffffe'), ['-2']],
    ['whole numbers of 8 bytes', array(1, 20, 1, '0000000000000007'), ['7']],
    ['UUIDs', array(1, 2950, 1, '0123456789abcdef0123456789abcdef'), ['01234567-89ab-cdef-0123-456789abcdef']],
    ['no dimension', array(0, 25, 0).subarray(0, 12), []],
    ['no element', array(1, 25, 0), []],
    ['more elements than it has', array(1, 25, 3, '61', '62'), undefined],
    ['fewer elements than it has', array(1, 25, 1, '61', '62'), undefined],
    ['two dimensions', array(2, 25, 1, '61'), undefined],
    ['a null', Buffer.concat([array(1, 25, 1), hex('ffffffff')]), undefined],
    ['elements of an unread type', array(1, 701, 1, '3ff0000000000000'), undefined],
    ['a header that is too short', array(1, 25, 0).subarray(0, 16), undefined],
    ['bytes after its last element', Buffer.concat([array(1, 25, 1, '61'), hex('000000')]), undefined],
  ])('a binary array of keys with %s is read as: %j', (_, bytes, texts) => {
    expect(elementsOf(bytes)).toEqual(texts)
  })
})

test.each([18, 19, 25, 114, 142, 1043, 705])(
  'a value of the type with number %i is read alike in the binary and the text format',
  (type) => {
    expect(textOf(Buffer.from('a'), 1, type)).toBe('a')
    expect(whyNotCompared('text', column(type))).toBeUndefined()
  },
)

describe('a text of a column', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`
  test.each<readonly [ColumnType, string | null, Json | undefined]>([
    ...(['text', 'numeric', 'boolean', 'json'] as const).map((type) => [type, null, null] as const),
    ['text', '0', 0],
    ['text', '-7', -7],
    ['text', '9007199254740991', 9007199254740991],
    ['text', '9007199254740992', '9007199254740992'],
    ...['07', '+7', ' 7', '7 ', '-0', '-07'].map((text) => ['text', text, undefined] as const),
    ...['', '1.5', '1e3', 'a7', '7a', '- 7'].map((text) => ['text', text, text] as const),
    ['numeric', '1.50', '1.5'],
    ['numeric', '007', 7],
    ['numeric', '-0.0', 0],
    ['numeric', '-0.5', '-0.5'],
    ['numeric', '+.5', '0.5'],
    ['numeric', ' 2.00 ', 2],
    ['numeric', '9007199254740993', '9007199254740993'],
    ...['', '.', '1e3', 'NaN', '--1'].map((text) => ['numeric', text, undefined] as const),
    ...['t', 'TRUE', ' 1', 'y', 'yes', 'on'].map((text) => ['boolean', text, true] as const),
    ...['f', 'false', '0', 'n', 'no', 'OFF '].map((text) => ['boolean', text, false] as const),
    ['boolean', 'tr', undefined],
    ['json', '{"a": [1]}', { a: [1] }],
    ['json', '{', undefined],
    ['json', deep(500), JSON.parse(deep(500))],
    ['json', deep(501), undefined],
  ])('a text of a column with the type %s and the value %j is recorded as %j', (type, text, value) => {
    expect(recordedValue(text, type)).toEqual(value)
  })

  test.each<readonly [ColumnType, number, RegExp | undefined]>([
    ['text', 0, undefined],
    ...[18, 19, 25, 114, 142, 1043, 705, 21, 23, 20, 2950].map((type) => ['text', type, undefined] as const),
    ['text', 16, /is boolean.*say "type":"boolean"/],
    ['text', 1700, /is numeric.*say "type":"numeric"/],
    ['text', 3802, /is json.*say "type":"json"/],
    ['text', 701, /type \(number 701\) has several texts for one value/],
    ['numeric', 701, undefined],
  ])('whyNotCompared accepts the setting %s for columns of type %i, or says why it is unsuitable', (type, oid, why) => {
    if (why === undefined) expect(whyNotCompared(type, column(oid))).toBeUndefined()
    else expect(whyNotCompared(type, column(oid))).toMatch(why)
  })
})

describe('an error of the server', () => {
  test.each<readonly [string, string, 'fail' | 'info']>([
    ['ERROR', '40001', 'fail'],
    ['ERROR', '40003', 'info'],
    ['ERROR', '23505', 'fail'],
    ['FATAL', '57P01', 'fail'],
    ['FATAL', '57P02', 'info'],
    ['ERROR', '58030', 'info'],
    ['ERROR', '99999', 'info'],
    ['PANIC', '40001', 'info'],
  ])('a server error with severity %s and code %s has the outcome %s for a command', (severity, code, means) => {
    expect(judgeReport({ severity, code, message: '' }, false)).toBe(means)
  })

  test('an error in reply to COMMIT fails the operation if it is a conflict, and leaves the outcome unknown otherwise', () => {
    const ofCommit = (code: string) => judgeReport({ severity: 'ERROR', code, message: '' }, true)
    expect(['40001', '23503', '57014', '42601'].map(ofCommit)).toEqual(['fail', 'fail', 'info', 'info'])
  })

  test('a successful command has an unknown outcome ("info") if a notice says that the wait for replication was canceled', () => {
    const notice = (message: string) => ({ severity: 'WARNING', code: '01000', message })
    const lost = 'canceling the wait for synchronous replication and terminating connection'
    expect(judgeNotices([notice('hello'), notice(lost)])).toEqual({ type: 'info', error: lost })
    expect(judgeNotices([notice('hello')])).toBeUndefined()
  })
})

test('a value cast to a type of limited length or precision is not compared', () => {
  for (const [type, oid] of [
    ['text', 1043],
    ['numeric', 1700],
  ] as const) {
    expect(whyNotCompared(type, { type: oid, modifier: 7, isComputed: true })).toMatch(/a cast .* may round or shorten/)
    expect(whyNotCompared(type, { type: oid, modifier: 7, isComputed: false })).toBeUndefined()
    expect(whyNotCompared(type, { type: oid, modifier: 0, isComputed: true })).toMatch(/a cast/)
    expect(whyNotCompared(type, { type: oid, modifier: -1, isComputed: true })).toBeUndefined()
  }
})

describe('a numeric column with a limited number of decimals', () => {
  /** NUMERIC(10, decimals). */
  const numeric = (decimals: number) => ({ type: 1700, modifier: ((10 << 16) | (decimals & 0x7ff)) + 4 })
  const after = (texts: readonly (string | null)[], column = numeric(2)): string | undefined => {
    const decimals = new WrittenDecimals()
    for (const text of texts) decimals.wrote('balance', text)
    return decimals.whyRounded('balance', column)
  }

  test('reads of a numeric column are compared if the column keeps all written decimals', () => {
    expect(after([])).toBeUndefined()
    expect(after(['10.25', '7', '-0.5', null, '1.5000'])).toBeUndefined()
    expect(after(['0.30000000000000004'], { type: 1700, modifier: -1 })).toBeUndefined()
    expect(after(['0.305'], numeric(3))).toBeUndefined()
    expect(after(['0.305'], { type: 25, modifier: 6 })).toBeUndefined()
  })

  test('reads of a numeric column are not compared after a write that the server rounds', () => {
    expect(after(['0.1', '0.30000000000000004', '0.2'])).toBe(
      'the column balance keeps 2 decimals and rounds a written value that has 17: let the program round values before it writes them',
    )
    expect(after(['1'], numeric(-2))).toContain('keeps -2 decimals')
  })

  test('reads of a numeric column without decimals are compared if only whole numbers were written', () => {
    expect(after([], numeric(0))).toBeUndefined()
    expect(after(['7', '7.0'], numeric(0))).toBeUndefined()
    expect(after(['0.5'], numeric(0))).toContain('keeps 0 decimals and rounds a written value that has 1')
    expect(after(['0.5'], { type: 1700, modifier: 4 })).toContain('keeps 0 decimals')
    expect(after(['0.5'], { type: 1700, modifier: 3 })).toBeUndefined()
  })

  test('decimals that are written to one column do not affect the comparison of another column', () => {
    const decimals = new WrittenDecimals()
    decimals.wrote('fee', '0.125')
    expect(decimals.whyRounded('balance', numeric(2))).toBeUndefined()
    expect(decimals.whyRounded('fee', numeric(2))).toContain('keeps 2 decimals')
  })
})
