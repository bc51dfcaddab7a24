import { expect, test } from 'vitest'
import type { TextContext } from '../../src/types/registry.ts'
import { hexOf } from '../../src/types/text.ts'
import { createTypes, enumTypes } from '../../src/types/types.ts'
import { SqlRecord, type SqlValue } from '../../src/types/value.ts'

const types = createTypes()
const context: TextContext = { types, setting: () => undefined, now: () => 757_382_400_000_000n }

function read(type: string, text: string): SqlValue {
  const definition = types.named(type)
  if (definition === undefined) throw new Error(type)
  return definition.input(text, context, -1)
}

function written(type: string, text: string): string {
  return types.named(type)!.output(read(type, text), context)
}

function code(type: string, text: string): string {
  try {
    return `read ${String(read(type, text))}`
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

test.each([
  ['numeric', '1.50', '1.50'],
  ['numeric', '1e3', '1000'],
  ['numeric', '-.5', '-0.5'],
  ['numeric', 'nan', 'NaN'],
  ['float8', '1e15', '1e+15'],
  ['float8', '0.00001', '1e-05'],
  ['float8', '-0', '-0'],
  ['float4', '123456784', '1.23456784e+08'],
  ['float4', '2939447.25', '2.9394472e+06'],
  ['float4', '2939447.75', '2.9394478e+06'],
  ['bool', 'yes', 't'],
  ['bool', ' OFF ', 'f'],
  ['uuid', '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['bytea', 'a\\\\b', '\\x615c62'],
  ['date', '0044-03-15 BC', '0044-03-15 BC'],
  ['timestamp', '2024-02-29T12:34:56.7', '2024-02-29 12:34:56.7'],
  ['timestamptz', '2024-01-15T10:00:00.000Z', '2024-01-15 10:00:00+00'],
  ['timestamptz', '2024-01-15 10:00+05:30', '2024-01-15 04:30:00+00'],
  ['timestamptz', 'today', '2024-01-01 00:00:00+00'],
  ['interval', '1 year 2 mons -3 days 04:05:06.7', '1 year 2 mons -3 days +04:05:06.7'],
  ['jsonb', '{"bb":1,"a":[1.50,null],"bb":2}', '{"a": [1.50, null], "bb": 2}'],
  ['json', '{"b":1,  "a":2}', '{"b":1,  "a":2}'],
  ['_int4', '{1,NULL,3}', '{1,NULL,3}'],
  ['_text', '{"a b",NULL,"NULL",""}', '{"a b",NULL,"NULL",""}'],
  ['_int4', '[0:1]={1,2}', '[0:1]={1,2}'],
  ['_int4', '{{1,2},{3,4}}', '{{1,2},{3,4}}'],
  ['_int4', ' { } ', '{}'],
  ['_int4', '{{},{}}', '{}'],
  ['_int4', '{ 1 , null , 2 } ', '{1,NULL,2}'],
  ['_int4', '{{{{{{5}}}}}}', '{{{{{{5}}}}}}'],
  ['_int4', '[2]={5,6}', '{5,6}'],
  ['_int4', '[1:2][3:3]={{1},{2}}', '[1:2][3:3]={{1},{2}}'],
  ['_int4', '[-1:+0]={5,6}', '[-1:0]={5,6}'],
  ['_text', '{a b , "c" , a\\ }', '{"a b",c,"a "}'],
  ['_text', '{nUlL,n\\ull,"NULL",""}', '{NULL,"null","NULL",""}'],
  ['_text', '{"a,b","{","}","\\"","\\\\"}', '{"a,b","{","}","\\"","\\\\"}'],
  ['int4range', ' EMPTY ', 'empty'],
  ['int4range', '[,5]', '(,6)'],
  ['int4range', '[1,1)', 'empty'],
  ['int4range', '(1,1]', 'empty'],
  ['int4range', '[1,1]', '[1,2)'],
  ['int4range', '(1,2)', 'empty'],
  ['int4range', '[""1"",\\2) ', '[1,2)'],
])('the type %s reads the text %s as %s', (type, text, expected) => {
  expect(written(type, text)).toBe(expected)
})

test.each([
  ['int4', 'abc', '22P02'],
  ['int4', '2147483648', '22003'],
  ['numeric', '', '22P02'],
  ['float8', '1e400', '22003'],
  ['bool', 'maybe', '22P02'],
  ['uuid', 'x', '22P02'],
  ['date', 'yesteryear', '22007'],
  ['date', '2024-02-30', '22008'],
  ['timestamp', '294277-01-01', '22008'],
  ['interval', '1 fortnight', '22007'],
  ['json', '{a:1}', '22P02'],
  ['jsonb', '"\\u0000"', '22P05'],
  ['_int4', '{1,2', '22P02'],
  ['_int4', '{{{{{{{5}}}}}}}', '54000'],
  ['_int4', '[2:1]={}', '2202E'],
  ['_int4', '{"null"}', '22P02'],
  ['int4range', '[3,1]', '22000'],
  ['int4range', '[2147483647,2147483647]', '22003'],
  ['int4range', '(2147483647,)', '22003'],
  ['int8range', '(9223372036854775807,)', '22003'],
  ['daterange', '(5874897-12-31,)', '22008'],
])('the type %s refuses the text %s with the error %s', (type, text, expected) => {
  expect(code(type, text)).toBe(expected)
})

const RAGGED = 'Multidimensional arrays must have sub-arrays with matching dimensions.'
const END = 'Unexpected end of input.'
const QUOTES = 'Incorrectly quoted array element.'

// The details are those of PostgreSQL 18.
test.each([
  ['_int4', '{1,{2}}', RAGGED],
  ['_int4', '{{1},2}', RAGGED],
  ['_int4', '{{1,2},{3}}', RAGGED],
  ['_int4', '{{1},{2,3}}', RAGGED],
  ['_int4', '{{},{1}}', RAGGED],
  ['_int4', '{{1},{}}', RAGGED],
  ['_int4', '{{1}{2}}', 'Unexpected "{" character.'],
  ['_int4', '{{1}2}', 'Unexpected array element.'],
  ['_int4', '{1{2}}', 'Unexpected "{" character.'],
  ['_int4', '1', 'Array value must start with "{" or dimension information.'],
  ['_int4', '[1:1]=5', 'Array contents must start with "{".'],
  ['_int4', '[1:2]={1}', 'Specified array dimensions do not match array contents.'],
  ['_int4', '{1}x', 'Junk after closing right brace.'],
  ['_int4', '{1}}', 'Junk after closing right brace.'],
  ['_int4', '{', END],
  ['_int4', '{1', END],
  ['_int4', '{"1', END],
  ['_int4', '{"1"', END],
  ['_int4', '{"1"x}', QUOTES],
  ['_int4', '{1"2"}', QUOTES],
  ['_int4', '{,1}', 'Unexpected "," character.'],
  ['_int4', '{1,}', 'Unexpected "}" character.'],
  ['_text', '{a\\', END],
  ['_text', '{"a\\', END],
  ['int4range', 'emptyx', 'Junk after "empty" key word.'],
  ['int4range', '1', 'Missing left parenthesis or bracket.'],
  ['int4range', '[1', END],
  ['int4range', '[1,', END],
  ['int4range', '["1,2)', END],
  ['int4range', '[1\\', END],
  ['int4range', '[1)', 'Missing comma after lower bound.'],
  ['int4range', '[1,2,3]', 'Too many commas.'],
  ['int4range', '[1,2]x', 'Junk after right parenthesis or bracket.'],
])('the type %s refuses the text %s with the detail %s', (name, text, detail) => {
  expect(() => read(name, text)).toThrow(expect.objectContaining({ code: '22P02', fields: { detail } }))
})

test('rare date formats are refused with a hint at the option --calculator, and clock-dependent formats without this hint', () => {
  for (const [type, text] of [
    ['date', 'Jan 8, 1999'],
    ['time', '04:05 PM'],
    ['interval', '1.5 months'],
    ['interval', 'P1DT2H'],
  ] as const)
    expect(() => read(type, text)).toThrow(
      `the ${type} '${text}' (--calculator has PGlite compute it) is not simulated`,
    )
  expect(() => read('timestamp', 'today 10:00')).toThrow("the timestamp 'today 10:00' is not simulated")
})

test('a value of a type that is not simulated is refused with the name of the type', () => {
  expect(() => read('tsvector', 'a')).toThrow('the type tsvector is not simulated')
})

test.each([
  ['int2', '-2', 'fffe'],
  ['int4', '-70000', 'fffeee90'],
  ['int8', '9007199254740993', '0020000000000001'],
  ['oid', '4294967295', 'ffffffff'],
  ['xid', '4000000000', 'ee6b2800'],
  ['cid', '7', '00000007'],
  ['tid', '(65536,7)', '000100000007'],
  ['tid', '(4294967295,65535)', 'ffffffffffff'],
  ['bool', 't', '01'],
  ['bool', 'f', '00'],
  ['float4', '-1.5', 'bfc00000'],
  ['float4', 'NaN', '7fc00000'],
  ['float8', '-Infinity', 'fff0000000000000'],
  ['numeric', 'NaN', '00000000c0000000'],
  ['numeric', 'Infinity', '00000000d0000020'],
  ['numeric', '-Infinity', '00000000f0000020'],
  ['numeric', '0', '0000000000000000'],
  ['numeric', '-12345678.00090', '000300014000000504d2162e0009'],
  ['numeric', '10000', '00010001000000000001'],
  ['numeric', '0.00001', '0001fffe0000000503e8'],
  ['text', 'aé', '61c3a9'],
  ['char', 'x', '78'],
  ['name', 'abc', '616263'],
  ['bpchar', 'ab ', '616220'],
  ['char', '', '00'],
  ['bytea', '\\x00ff', '00ff'],
  ['bit', '10110', '00000005b0'],
  ['varbit', '101100111', '00000009b380'],
  ['varbit', '', '00000000'],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc999c0b4ef8bb6d6bb9bd380a11'],
  ['date', '1999-12-31', 'ffffffff'],
  ['date', 'infinity', '7fffffff'],
  ['time', '23:59:59.999999', '000000141dd75fff'],
  ['timestamp', '-infinity', '8000000000000000'],
  ['timestamp', '1999-12-31 23:59:59.999999', 'ffffffffffffffff'],
  ['interval', '-1 mons +2 days -00:00:00.5', 'fffffffffff85ee000000002ffffffff'],
  ['json', '{"a": 1}', '7b2261223a20317d'],
  ['jsonb', '{"a": 1}', '017b2261223a20317d'],
  ['int4range', '[1,5)', '0200000004000000010000000400000005'],
  ['int4range', 'empty', '01'],
  ['int4range', '(,)', '18'],
  ['numrange', '(1.5,2]', '040000000c0002000000000001000113880000000a00010000000000000002'],
  ['numrange', '(,2]', '0c0000000a00010000000000000002'],
  ['numrange', '[1,)', '120000000a00010000000000000001'],
  ['_int4', '{}', '000000000000000000000017'],
  ['_int4', '{1,NULL}', '00000001000000010000001700000002000000010000000400000001ffffffff'],
  [
    '_int4',
    '[0:1][2:2]={{1},{2}}',
    '0000000200000000000000170000000200000000000000010000000200000004000000010000000400000002',
  ],
  ['_text', '{a,""}', '0000000100000000000000190000000200000001000000016100000000'],
  ['regtype', 'integer', '00000017'],
  ['int2vector', '1 2', '0000000100000000000000150000000200000000000000020001000000020002'],
  ['oidvector', '3', '00000001000000000000001a00000001000000000000000400000003'],
])('the type %s sends the text %s as the bytes %s, and reads the text from these bytes', (name, text, hex) => {
  const type = types.named(name)!
  const bytes = type.send(read(name, text), context)
  expect(hexOf(bytes)).toBe(hex)
  expect(type.output(type.receive(bytes, context, -1), context)).toBe(written(name, text))
})

const ONE_INT4 = '000000010000000000000017'
const ONE_DIMENSION = '0000000100000001'
const ONE_SUCH_INT4 = ONE_INT4 + ONE_DIMENSION

// The codes are those of PostgreSQL 17 for a binary parameter.
test.each([
  ['jsonb', '', '08P01'],
  ['jsonb', '00', 'XX000'],
  ['jsonb', '027b7d', 'XX000'],
  ['jsonb', '017b', '22P02'],
  ['json', '7b', '22P02'],
  ['json', '', '22P02'],
  ['text', '00', '22021'],
  ['name', '61'.repeat(64), '42622'],
  ['name', 'c3a9'.repeat(32), '42622'],
  ['char', '', '08P01'],
  ['char', '6162', '22P03'],
  ['int2', '00', '08P01'],
  ['int2', '000000', '22P03'],
  ['int4', '0001', '08P01'],
  ['int4', '0000000100', '22P03'],
  ['int8', '00000001', '08P01'],
  ['int8', '000000000000000000', '22P03'],
  ['float4', '000000', '08P01'],
  ['float8', '00000000', '08P01'],
  ['float8', '000000000000000000', '22P03'],
  ['oid', '00000001ff', '22P03'],
  ['xid', '00', '08P01'],
  ['regtype', '000017', '08P01'],
  ['regtype', '0000001700', '22P03'],
  ['tid', '0000000100', '08P01'],
  ['tid', '00000001000200', '22P03'],
  ['bool', '', '08P01'],
  ['bool', '0100', '22P03'],
  ['uuid', '00'.repeat(15), '08P01'],
  ['uuid', '00'.repeat(17), '22P03'],
  ['varbit', '00000009b3', '08P01'],
  ['varbit', '00000009b38000', '22P03'],
  ['varbit', 'ffffffff', '22P03'],
  ['numeric', '000000', '08P01'],
  ['numeric', '000100000000', '08P01'],
  ['numeric', '0001000000000000', '08P01'],
  ['numeric', '00010000000000010001' + '00', '22P03'],
  ['numeric', '0001000000000000ffff', '22P03'],
  ['numeric', '00010000000000002710', '22P03'],
  ['numeric', '0000000080000000', '22P03'],
  ['numeric', '00010000000040000001', '22P03'],
  ['numeric', '00000000c0004000', '22P03'],
  ['numeric', '00000000c000000000', '22P03'],
  ['date', '7ffffffe', '22008'],
  ['date', '80000001', '22008'],
  ['date', 'ffda97a6', '22008'],
  ['date', '00000000ff', '22P03'],
  ['time', 'ffffffffffffffff', '22008'],
  ['time', '000000141dd76001', '22008'],
  ['timestamp', '7ffffffffffffffe', '22008'],
  ['timestamptz', '8000000000000001', '22008'],
  ['interval', '00000000000000000000000100', '08P01'],
  ['interval', '0000000000000001000000010000000100', '22P03'],
  ['_int4', '0000000000000000', '08P01'],
  ['_int4', 'ffffffff0000000000000017', '22P03'],
  ['_int4', `000000070000000000000017${ONE_DIMENSION.repeat(7)}0000000400000005`, '54000'],
  ['_int4', '000000000000000200000017', '22P03'],
  ['_int4', '000000000000000000000014', '42804'],
  ['_int4', '00000000000000000000001700', '22P03'],
  ['_int4', `${ONE_INT4}ffffffff00000001`, '54000'],
  ['_int4', `${ONE_INT4}1000000000000001`, '54000'],
  ['_int4', `${ONE_INT4}0fffffff00000001`, '08P01'],
  ['_int4', '0000000200000000000000170000ffff000000010000ffff00000001', '54000'],
  ['_int4', `${ONE_INT4}000000017fffffff0000000400000005`, '54000'],
  ['_int4', ONE_SUCH_INT4, '08P01'],
  ['_int4', `${ONE_SUCH_INT4}00000004000000`, '22P03'],
  ['_int4', `${ONE_SUCH_INT4}fffffffe`, '22P03'],
  ['_int4', `${ONE_SUCH_INT4}000000050000000001`, '22P03'],
  ['_int4', `${ONE_SUCH_INT4}0000000300000001`, '08P01'],
  ['_int4', `${ONE_SUCH_INT4}000000040000000100`, '22P03'],
  ['_int4', `${ONE_INT4}00000002000000010000000400000001`, '08P01'],
  ['_text', `000000010000000000000019${ONE_DIMENSION}0000000100`, '22021'],
  ['int2vector', '000000000000000000000015', '22P03'],
  ['int2vector', `000000010000000000000015${ONE_DIMENSION}000000020001`, '22P03'],
  ['int2vector', '0000000100000001000000150000000100000000ffffffff', '22P03'],
  ['oidvector', '00000000000000000000001a', '22P03'],
  ['int4range', '', '08P01'],
  ['int4range', '0100', '08P01'],
  ['int4range', '02ffffffff0000000400000005', '08P01'],
  ['int4range', '020000000400000005', '08P01'],
  ['int4range', '02000000040000000500000004000000', '08P01'],
  ['int4range', '020000000400000005000000040000000600', '08P01'],
  ['int4range', '0200000004000000050000000400000001', '22000'],
  ['int4range', '0400000004000000010000000' + '47fffffff', '22003'],
])('the type %s refuses the bytes %s with the error %s', (name, hex, expected) => {
  expect(() => types.named(name)?.receive(Buffer.from(hex, 'hex'), context, -1)).toThrow(
    expect.objectContaining({ code: expected }),
  )
})

test.each([
  ['char', '00', ''],
  ['name', '61'.repeat(63), 'a'.repeat(63)],
  ['bool', '02', 't'],
  ['bool', '80', 't'],
  ['date', 'ffda97a7', '4714-11-24 BC'],
  ['date', '80000000', '-infinity'],
  ['time', '000000141dd76000', '24:00:00'],
  ['time', '0000000000000000', '00:00:00'],
  ['timestamp', '7fffffffffffffff', 'infinity'],
  ['varbit', '00000001ff', '1'],
  ['interval', '00000000000000010000000200000003', '3 mons 2 days 00:00:00.000001'],
  ['numeric', '00010000c00000000001', 'NaN'],
  ['numeric', '0001000000000000270f', '9999'],
  ['numeric', '0001000000003fff0001', `1.${'0'.repeat(0x3fff)}`],
  ['numeric', '0002ffff0000000604d2162e', '0.123456'],
  ['numeric', '00020000400000000001270f', '-1'],
  ['numeric', '0001fffe0000000403e8', '0.0000'],
  ['numeric', '000100014000000000c8', '-2000000'],
  ['_int4', `000000060000000000000017${ONE_DIMENSION.repeat(6)}0000000400000005`, '{{{{{{5}}}}}}'],
  ['_int4', '000000000000000100000017', '{}'],
  ['_int4', `${ONE_INT4}0000000000000001`, '{}'],
  ['_int4', `${ONE_INT4}000000007fffffff`, '{}'],
  ['_int4', `${ONE_INT4}000000017ffffffe0000000400000005`, '[2147483646:2147483646]={5}'],
  ['int4range', '0200000004000000010000000400000001', 'empty'],
  ['int4range', '0600000004000000010000000400000001', '[1,2)'],
  ['int4range', '0000000004000000010000000400000003', '[2,3)'],
  ['int4range', '0400000004000000010000000400000003', '[2,4)'],
  ['int4range', 'e000000004000000010000000400000003', '[2,3)'],
  ['int4range', 'ff', 'empty'],
  ['int4range', '1a', '(,)'],
])('the type %s reads the bytes %s as %s', (name, hex, expected) => {
  const type = types.named(name)!
  expect(type.output(type.receive(Buffer.from(hex, 'hex'), context, -1), context)).toBe(expected)
})

test.each([
  ['00000007', 'number of array dimensions (7) exceeds the maximum allowed (6)'],
  ['ffffffff', 'invalid number of dimensions: -1'],
  ['000000000000000000000014', 'binary data has array element type 20 (bigint) instead of expected 23 (integer)'],
  ['000000000000000000000000', 'binary data has array element type 0 (-) instead of expected 23 (integer)'],
  [`${ONE_INT4}ffffffff00000001`, 'array size exceeds the maximum allowed (268435455)'],
  [`${ONE_INT4}000000017fffffff`, 'array lower bound is too large: 2147483647'],
])('the bytes %s of an array of integers are refused with the message %s', (hex, expected) => {
  expect(() => types.named('_int4')?.receive(Buffer.from(hex, 'hex'), context, -1)).toThrow(expected)
})

test.each([
  ['bit', 3, '00000004b0', '22026'],
  ['varbit', 3, '00000004b0', '22001'],
  ['bpchar', 6, '616263', '22001'],
  ['varchar', 6, '616263', '22001'],
  ['numeric', 131_076, '0001000000000000007b', '22003'],
])(
  'the type %s with the modifier %d refuses the bytes %s, which do not fit, with the error %s',
  (name, typmod, hex, expected) => {
    expect(() => types.named(name)?.receive(Buffer.from(hex, 'hex'), context, typmod)).toThrow(
      expect.objectContaining({ code: expected }),
    )
  },
)

test('the type jsonb refuses an unknown version of its binary form with an error that names the version', () => {
  expect(() => types.named('jsonb')?.receive(Buffer.from([2, 123, 125]), context, -1)).toThrow(
    'unsupported jsonb version number 2',
  )
})

test('an array is sent and read whatever its size', () => {
  for (const length of [4, 5, 12, 40, 500]) {
    const text = `{${Array.from({ length }, (_, i) => 'x'.repeat(i % 7))
      .map((each) => each || '""')
      .join()}}`
    const type = types.named('_text')!
    expect(type.output(type.receive(type.send(read('_text', text), context), context, -1), context)).toBe(text)
  }
})

test('each type reads the binary form that it writes', () => {
  const texts: readonly (readonly [string, string])[] = [
    ['int8', '-9223372036854775808'],
    ['numeric', '-12345.6789'],
    ['numeric', '0.00001'],
    ['timestamptz', '1999-12-31 23:59:59.999999+00'],
    ['interval', '-1 mons +2 days 00:00:00.5'],
    ['jsonb', '[1, {"a": null}]'],
    ['_text', '{a,NULL}'],
    ['numrange', '(,2.5]'],
    ['daterange', 'empty'],
    ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ]
  for (const [name, text] of texts) {
    const type = types.named(name)!
    const received = type.receive(type.send(read(name, text), context), context, -1)
    expect([name, type.output(received, context)]).toEqual([name, written(name, text)])
  }
})

test('a record is sent with the types of its columns', () => {
  const columns = ['int4', 'int4', 'text'].map((name) => ({
    name,
    type: { oid: types.named(name)!.oid, name, typmod: -1 },
  }))
  expect(hexOf(types.named('record')!.send(new SqlRecord(columns, [1, null, 'a']), context))).toBe(
    '00000003000000170000000400000001' + '00000017ffffffff' + '000000190000000161',
  )
})

test('enum labels are ordered as they were declared', () => {
  const [mood] = enumTypes(types, { oid: 20_000, arrayOid: 20_001, schema: 'public', name: 'mood' }, [
    'sad',
    'ok',
    'happy',
  ])
  expect(['happy', 'sad', 'ok'].toSorted((a, b) => mood?.compare?.(a, b) ?? 0)).toEqual(['sad', 'ok', 'happy'])
  expect(() => mood?.input('glad', context, -1)).toThrow('invalid input value for enum mood: "glad"')
})
