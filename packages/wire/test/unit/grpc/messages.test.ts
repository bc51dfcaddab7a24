import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { parseDeclarations } from '../../../src/grpc/declarations.ts'
import { decodeMessage } from '../../../src/grpc/decode-message.ts'
import { parseDescriptorSet } from '../../../src/grpc/descriptor-set.ts'
import { messagesOf } from '../../../src/grpc/grpc-content.ts'
import type { Field, MessageType } from '../../../src/grpc/message-type.ts'
import { WireError } from '../../../src/grpc/wire-reader.ts'

const PROTO = readFileSync(new URL('../../grpc/shop.proto', import.meta.url), 'utf8')

const root = protobuf.parse(PROTO, { keepCase: true }).root.resolveAll()
const everything = root.lookupType('shop.v1.Everything')
/** `protoc --include_imports --descriptor_set_out=shop.desc shop.proto` */
const described = readFileSync(new URL('../../grpc/shop.desc', import.meta.url))
const schema = parseDescriptorSet(described, 'shop.desc')
const typeOf = (name: string): MessageType => schema.messages.get(name) as MessageType

/** Decodes the same bytes with another implementation. */
const byOther = (bytes: Uint8Array) =>
  everything.toObject(everything.decode(bytes), { longs: String, enums: String, bytes: String, json: true })

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const text = fc.string({ unit: 'binary' })
const item = fc.letrec((tie) => ({
  item: fc.record(
    {
      name: text,
      size: fc.constantFrom(0, 1, -3, 77),
      stock: fc.dictionary(
        text.filter((key) => key !== '__proto__'),
        int64,
        { maxKeys: 3 },
      ),
      parts: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('item'), { maxLength: 2 })),
    },
    { requiredKeys: [] },
  ),
})).item
const message = fc.record(
  {
    a_double: fc.double({ noNaN: true, noDefaultInfinity: true }),
    a_float: fc.float({ noNaN: true, noDefaultInfinity: true }),
    an_int64: int64,
    a_uint64: uint64,
    an_int32: int32,
    a_fixed64: uint64,
    a_fixed32: uint32,
    a_bool: fc.boolean(),
    a_string: text,
    some_bytes: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    a_uint32: uint32,
    an_sfixed32: int32,
    an_sfixed64: int64,
    an_sint32: int32,
    an_sint64: int64,
    size: fc.constantFrom(0, 1, -3),
    item,
    packed: fc.array(int32),
    texts: fc.array(text),
    items: fc.array(item),
    loose: fc.array(int32),
    perhaps: int32,
    this: text,
    by_number: fc.dictionary(int32.map(String), item, { maxKeys: 3 }),
    inner: fc.record({ x: fc.constant('AAE=') }),
  },
  { requiredKeys: [] },
)

/** Removes members with default values, because the other implementation omits them if they are not on the wire. */
function withoutDefaults(value: unknown, type: MessageType): unknown {
  if (value === null || typeof value !== 'object') return value
  const members = { ...(value as { [name: string]: unknown }) }
  for (const { name, kind, shape, hasDefault } of type.fields.values()) {
    const member = members[name]
    if (hasDefault && (member === 0 || member === '' || member === false || member === '0' || member === 'SMALL'))
      delete members[name]
    if (member === undefined || typeof kind === 'string' || 'names' in kind) continue
    if (shape === 'repeated') members[name] = (member as unknown[]).map((part) => withoutDefaults(part, kind.message))
    else if (shape === 'single') members[name] = withoutDefaults(member, kind.message)
    else {
      const valueKind = kind.message.fields.get(2)?.kind
      if (typeof valueKind === 'object' && 'message' in valueKind)
        members[name] = Object.fromEntries(
          Object.entries(member as object).map(([key, part]) => [key, withoutDefaults(part, valueKind.message)]),
        )
    }
  }
  return members
}

describe('the protobuf decoder', () => {
  test('the protobuf decoder decodes a message as protobufjs does', () => {
    fc.assert(
      fc.property(message, (members) => {
        const bytes = Buffer.from(everything.encode(everything.fromObject(members)).finish())
        const type = typeOf('shop.v1.Everything')
        const read = withoutDefaults(decodeMessage(bytes, type), type)
        expect(read).toEqual(withoutDefaults(byOther(bytes), type))
      }),
      { numRuns: 300 },
    )
  })

  test('the protobuf decoder decodes any bytes or throws a WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeMessage(Buffer.from(bytes), typeOf('shop.v1.Everything'))
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('the protobuf decoder sets absent fields to defaults, except optional fields, oneof members, messages and lists', () => {
    expect(decodeMessage(Buffer.alloc(0), typeOf('shop.v1.Item'))).toEqual({ name: '', size: 'SMALL' })
    expect(decodeMessage(Buffer.alloc(0), typeOf('shop.v1.Everything'))).not.toHaveProperty('perhaps')
    expect(decodeMessage(Buffer.alloc(0), typeOf('shop.v1.Everything'))).toMatchObject({ an_int64: '0', a_bool: false })
  })

  test('the protobuf decoder keeps the last member of a oneof, and merges the parts of an embedded message', () => {
    const part = (members: object) => everything.encode(everything.fromObject(members)).finish()
    const bytes = Buffer.concat([
      part({ item: { name: 'bolt' }, this: 'first' }),
      part({ item: { size: 1, parts: [{ name: 'nut' }] }, that: { name: 'last' } }),
    ])
    const read = decodeMessage(bytes, typeOf('shop.v1.Everything'))
    expect(read).toMatchObject({
      item: { name: 'bolt', size: 'LARGE', parts: [{ name: 'nut' }] },
      that: { name: 'last' },
    })
    expect(read).not.toHaveProperty('this')
  })

  const hex = (text: string): Buffer => Buffer.from(text, 'hex')
  /** A message with one scalar of this type as field 1. */
  const scalar = (type: string, bytes: string, label = ''): unknown => {
    const declared = parseDeclarations({ M: [`${label}${type} x = 1`] }, {}, 'x')
    return (decodeMessage(hex(bytes), declared.messages.get('M') as MessageType) as { readonly x?: unknown }).x
  }

  test.each<readonly [string, string, unknown]>([
    ['int32', '0801', 1],
    ['int32', '08ffffffffffffffffff01', -1],
    ['uint32', '08ffffffff0f', 4_294_967_295],
    ['int64', '08ffffffffffffffff7f', '9223372036854775807'],
    ['int64', '0880808080808080808001', '-9223372036854775808'],
    ['uint64', '08ffffffffffffffffff01', '18446744073709551615'],
    ['uint64', '08ffffffffffffff0f', '9007199254740991'],
    ['uint64', '08808080808080 8010'.replace(' ', ''), '9007199254740992'],
    ['uint64', '088180808080808010', '9007199254740993'],
    ['sint32', '0803', -2],
    ['sint64', '0803', '-2'],
    ['sint64', '08ffffffffffffffffff01', '-9223372036854775808'],
    ['bool', '0800', false],
    ['bool', '088080808010', true],
    ['double', '09000000000000f03f', 1],
    ['double', '09000000000000f07f', 'Infinity'],
    ['float', '0d0000c07f', 'NaN'],
    ['fixed32', '0dffffffff', 4_294_967_295],
    ['sfixed32', '0dffffffff', -1],
    ['fixed64', '09ffffffffffffffff', '18446744073709551615'],
    ['sfixed64', '09ffffffffffffffff', '-1'],
    ['string', '0a02c3a9', 'é'],
    ['bytes', '0a01ff', '/w=='],
  ])('the protobuf decoder reads the type %s from %s as %s', (type, bytes, value) => {
    expect(scalar(type, bytes)).toBe(value)
  })

  test('the protobuf decoder reads repeated values, packed or single, and skips undeclared fields', () => {
    expect(scalar('int32', '0a03010203', 'repeated ')).toEqual([1, 2, 3])
    expect(scalar('int32', '080108020a0103', 'repeated ')).toEqual([1, 2, 3])
    const unknown = [
      '10ff01',
      '110102030405060708',
      '120161',
      '1501020304',
      '13180114',
      '13 1b 1c 14'.replaceAll(' ', ''),
    ]
    for (const field of unknown) expect(scalar('int32', `${field}0801`)).toBe(1)
  })

  test.each([
    ['an integer without an end', '08ff'],
    ['an integer of eleven bytes', '08ffffffffffffffffffff01'],
    ['a text that is longer than its message', '0a0561'],
    ['a text longer than 4 GiB', '0a8080808010'],
    ['the field 0', '0001'],
    ['a field beyond 2^29', '88808080100 1'.replace(' ', '')],
    ['a type that there is not', '0e'],
    ['a group without an end', '13'],
    ['a group with the end of another', '1324'],
    ['another type than declared', '0d01020304'],
    ['groups nested in 101 groups', '13'.repeat(101) + '14'.repeat(101)],
  ])('the protobuf decoder throws a WireError for %s', (_, bytes) => {
    expect(() => scalar('int32', bytes)).toThrow(WireError)
  })

  test('the protobuf decoder skips an undeclared group with 100 levels of nesting', () => {
    expect(scalar('int32', `${'13'.repeat(100)}${'14'.repeat(100)}0801`)).toBe(1)
  })

  test('the protobuf decoder keeps the last value of each key of a map, even of the key __proto__', () => {
    const entry = (key: string, value: number) => {
      const text = Buffer.from(key)
      const content = Buffer.concat([Buffer.from([0x0a, text.length]), text, Buffer.from([0x10, value])])
      return Buffer.concat([Buffer.from([0x0a, content.length]), content])
    }
    const bytes = Buffer.concat([entry('a', 1), entry('__proto__', 2), entry('__proto__', 3), entry('a', 4)])
    const read = scalar('map<string, int32>', bytes.toString('hex')) as object
    expect(Object.entries(read)).toEqual([
      ['a', 4],
      ['__proto__', 3],
    ])
  })

  test.each([
    ['messages', 'repeated M m = 1', 100],
    ['entries of maps', 'map<string, M> m = 2', 50],
  ])('the protobuf decoder reads up to 100 nested messages, and throws a WireError for more: %s', (_, field, most) => {
    const type = parseDeclarations({ M: [field] }, {}, 'x').messages.get('M') as MessageType
    const tag = field.startsWith('map') ? 0x12 : 0x0a
    const nested = (levels: number): Buffer => {
      let message: Buffer = Buffer.alloc(0)
      for (let depth = 0; depth < levels; depth++) {
        const value = Buffer.from(protobuf.Writer.create().uint32(tag).bytes(message).finish())
        message = tag === 0x0a ? value : Buffer.from(protobuf.Writer.create().uint32(tag).bytes(value).finish())
      }
      return message
    }
    expect(() => decodeMessage(nested(most), type)).not.toThrow()
    expect(() => decodeMessage(nested(most + 1), type)).toThrow(WireError)
  })

  const made = (name: string, ...fields: readonly (readonly [number, Partial<Field>])[]): MessageType => ({
    name,
    fields: new Map(
      fields.map(([number, field]) => [
        number,
        { name: `x${number}`, kind: 'int32', shape: 'single', hasDefault: false, ...field },
      ]),
    ),
  })
  const size = {
    names: new Map([
      [1, 'SMALL'],
      [2, 'LARGE'],
    ]),
  }

  test.each<readonly [string, unknown]>([
    ['0801', { x1: 'SMALL' }],
    ['0802', { x1: 'LARGE' }],
    ['0804', { x1: 4 }],
    ['08feffffffffffffffff01', { x1: -2 }],
    ['', { x1: 0 }],
  ])('the protobuf decoder reads an enum by its names, or as its number: %s', (bytes, expected) => {
    expect(decodeMessage(hex(bytes), made('M', [1, { kind: size, hasDefault: true }]))).toEqual(expected)
  })

  test.each<readonly [string, string, unknown]>([
    ['fixed32', '0a0801000000 02000000'.replace(' ', ''), [1, 2]],
    ['fixed64', '0a080100000000000000', ['1']],
    ['double', '0a08000000000000f03f', [1]],
    ['bool', '0a020100', [true, false]],
    ['string', '0a01610a0162', ['a', 'b']],
    ['bytes', '0a0101', ['AQ==']],
    ['M', '0a000a00', [{}, {}]],
  ])('the protobuf decoder reads a repeated field of the type %s from %s', (type, bytes, expected) => {
    const declared = parseDeclarations({ M: [`repeated ${type} x = 1`] }, {}, 'x')
    expect(decodeMessage(hex(bytes), declared.messages.get('M') as MessageType)).toEqual({ x: expected })
  })

  test('the protobuf decoder reads a packed enum', () => {
    expect(decodeMessage(hex('0a020201'), made('M', [1, { kind: size, shape: 'repeated' }]))).toEqual({
      x1: ['LARGE', 'SMALL'],
    })
  })

  test.each<readonly [string, Partial<Field>, string]>([
    ['an enum that is sent as bytes', { kind: size }, '0a0101'],
    ['a message that is sent as an integer', { kind: { message: made('N') } }, '0801'],
    [
      'an entry of a map that is sent as an integer',
      { kind: { message: made('E', [1, {}], [2, {}]) }, shape: 'map' },
      '0801',
    ],
    ['an entry of a map without a declared value', { kind: { message: made('E', [1, {}]) }, shape: 'map' }, '0a020801'],
    ['an entry of a map without a declared key', { kind: { message: made('E', [2, {}]) }, shape: 'map' }, '0a021001'],
    ['a map of integers', { kind: 'int32', shape: 'map' }, '0801'],
    ['a map of enums', { kind: size, shape: 'map' }, '0801'],
  ])('the protobuf decoder throws a WireError for %s', (_, field, bytes) => {
    expect(() => decodeMessage(hex(bytes), made('M', [1, field]))).toThrow(WireError)
  })
})

test('a schema lists each method by its path, with its types and whether it streams', () => {
  expect(
    [...schema.methods].map(([path, { input, output, streams }]) => [path, input.name, output.name, streams]),
  ).toEqual([
    ['/shop.v1.Cart/Put', 'shop.v1.Item', 'shop.v1.Everything', false],
    ['/shop.v1.Cart/Watch', 'shop.v1.Item', 'shop.v1.Everything', true],
    ['/shop.v1.Cart/Upload', 'shop.v1.Item', 'shop.v1.Everything', true],
  ])
})

const hasProtoc = (() => {
  try {
    execFileSync('protoc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

test.skipIf(!hasProtoc)('the protobuf descriptor in messages.test.ts equals the descriptor that protoc writes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-protoc-'))
  try {
    writeFileSync(join(directory, 'shop.proto'), PROTO)
    const out = join(directory, 'shop.desc')
    execFileSync('protoc', ['-I', directory, '--include_imports', '--descriptor_set_out', out, 'shop.proto'])
    expect(readFileSync(out).equals(described)).toBe(true)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

describe('message declarations', () => {
  test('message declarations decode a message as the descriptor of the same .proto file does', () => {
    const declared = parseDeclarations(
      {
        'shop.v1.Everything': [
          'repeated Item items = 20;',
          'map<int32, Item> by_number = 25',
          'optional int32 perhaps = 22;',
          'sint64 an_sint64 = 15',
          'Inner inner = 3000',
        ],
        'shop.v1.Everything.Inner': ['bytes x = 1'],
        'shop.v1.Item': ['string name = 1;', 'map<string, int64> stock = 3;'],
      },
      { '/shop.v1.Cart/Put': ['shop.v1.Item', 'shop.v1.Everything'] },
      'routes.json',
    )
    const bytes = Buffer.from(
      everything
        .encode(
          everything.fromObject({
            items: [{ name: 'a', stock: { x: 3 } }],
            by_number: { 7: { name: 'b' } },
            an_sint64: '-5',
            inner: { x: 'AAE=' },
            a_string: 'not declared',
          }),
        )
        .finish(),
    )
    expect(decodeMessage(bytes, declared.messages.get('shop.v1.Everything') as MessageType)).toEqual({
      items: [{ name: 'a', stock: { x: '3' } }],
      by_number: { 7: { name: 'b' } },
      an_sint64: '-5',
      inner: { x: 'AAE=' },
    })
    expect(declared.methods.get('/shop.v1.Cart/Put')?.input.name).toBe('shop.v1.Item')
  })

  test('an absent protobuf scalar gets its default, but an absent message, list or optional field gets none', () => {
    const { messages, methods } = parseDeclarations(
      {
        'a.b.M': ['int32 n = 1', 'optional int32 o = 2', 'N m = 3', 'repeated int32 l = 4', 'map<int32, N> by = 5'],
        N: ['string t = 1'],
      },
      { '/a/B': ['a.b.M', 'N'] },
      'routes.json',
    )
    const type = messages.get('a.b.M') as MessageType
    expect(decodeMessage(Buffer.alloc(0), type)).toEqual({ n: 0 })
    expect(decodeMessage(Buffer.from('2a00', 'hex'), type)).toEqual({ n: 0, by: { 0: {} } })
    expect(methods.get('/a/B')).toMatchObject({ input: { name: 'a.b.M' }, output: { name: 'N' }, streams: false })
  })

  test.each([
    [{ 'a.B': [] }, { '/a.C/Put': ['a.B', 'a.X'] }, 'give the types of the request and of the response'],
    [{ 'a.B': [] }, { '/a.C/Put': ['a.X', 'a.B'] }, 'give the types of the request and of the response'],
    [{ 'a.B': [] }, { '/a.C/Put': ['a.B', 'a.B', 'a.B'] }, 'give the types of the request and of the response'],
    [{ 'a.B': 'bytes key = 1' }, {}, 'must be a list of fields'],
    [{ 'a.B': ['bytes key'] }, {}, '"bytes key" declares no field'],
    [{ 'a.B': ['Size size = 1'] }, {}, '"Size" is not a type. Declare it in "messages", or take int32 for an enum'],
    [{ 'a.B': [] }, { 'a.C/Put': ['a.B', 'a.B'] }, 'is not a method. Write it as gRPC does: "/package.Service/Method"'],
    [{ 'a.B': [] }, { '/a.C/Put': ['a.B'] }, 'give the types of the request and of the response'],
  ])('message declarations are refused if "messages" is %j and "methods" is %j', (messages, methods, problem) => {
    expect(() => parseDeclarations(messages, methods, 'routes.json')).toThrow(UserError)
    expect(() => parseDeclarations(messages, methods, 'routes.json')).toThrow(problem)
  })

  test('a file that is not a descriptor is refused with the protoc command that makes a descriptor', () => {
    expect(() => parseDescriptorSet(Buffer.from('syntax = "proto3";'), 'api.proto')).toThrow(
      'api.proto is not a FileDescriptorSet. Make one: protoc --include_imports --descriptor_set_out',
    )
  })
})

test('a gRPC body is split into messages by their lengths, and each message is decompressed', () => {
  const framed = (bytes: Buffer, compressed = 0) => {
    const prefix = Buffer.alloc(5)
    prefix[0] = compressed
    prefix.writeUInt32BE(bytes.length, 1)
    return Buffer.concat([prefix, bytes])
  }
  const [a, b] = [Buffer.from('a'), Buffer.from('bb')]
  expect(messagesOf(Buffer.concat([framed(a), framed(b)]), undefined)).toEqual([a, b])
  expect(messagesOf(Buffer.concat([framed(a), framed(gzipSync(b), 1)]), 'gzip')).toEqual([a, b])
  expect(messagesOf(framed(a, 1), 'snappy')).toEqual([undefined])
  expect(messagesOf(framed(b).subarray(0, 6), undefined)).toBeUndefined()
  expect(messagesOf(Buffer.alloc(0), undefined)).toEqual([])
})
