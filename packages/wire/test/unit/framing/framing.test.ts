import { UserError } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../../../src/framing/frame-reader.ts'
import { isOneMessage } from '../../../src/framing/framing.ts'
import { jsonLines } from '../../../src/framing/json-lines.ts'
import { createLengthPrefixScanner } from '../../../src/framing/length-prefix-scanner.ts'
import { remember } from '../../../src/framing/statements.ts'
import { lengthPrefixed, parseFraming } from '../../../src/parse-framing.ts'
import { requestWords, resp } from '../../../src/resp/resp.ts'
import { isNoCommand, isSubscription, readResp, readRespCommand } from '../../../src/resp/resp-value.ts'
import { corpora, cut, latin, normal, readAll } from '../../framing/examples.ts'

describe.each(corpora)('the framing $name', ({ framing, direction, examples }) => {
  test('a framing finds the same messages in any division of the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...examples), { maxLength: 12 }),
        fc.array(fc.nat(2000), { maxLength: 12 }),
        (messages, cuts) => {
          const stream = latin(messages.join(''))
          expect(readAll(framing, cut(stream, cuts), { direction }).messages).toEqual(messages)
        },
      ),
      { numRuns: 60 },
    )
    const all = latin(examples.join(''))
    expect(
      readAll(
        framing,
        [...all].map((byte) => Buffer.of(byte)),
        { direction },
      ).messages,
    ).toEqual(examples)
    for (const example of examples) expect(isOneMessage(framing, direction, latin(example))).toBe(true)
  })

  test('a framing passes each byte exactly once, and finds the same messages in any division of the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...examples), fc.string({ unit: 'binary-ascii', maxLength: 20 })), {
          maxLength: 8,
        }),
        fc.array(fc.nat(2000), { maxLength: 8 }),
        fc.constantFrom(8, 30, 1000),
        (pieces, cuts, max) => {
          const stream = latin(pieces.join(''))
          const whole = readAll(framing, [stream], { direction, max })
          const parts = readAll(framing, cut(stream, cuts), { direction, max })
          const given = (read: typeof whole) =>
            read.out.reduce((sum, { bytes }) => sum + bytes.length, read.reader.waitingBytes)
          expect([given(whole), given(parts)]).toEqual([stream.length, stream.length])
          expect(parts.messages).toEqual(whole.messages)
          expect(parts.reader.framed).toBe(whole.reader.framed)
          expect(
            Buffer.concat(parts.out.map(({ bytes }) => bytes)).equals(
              stream.subarray(0, stream.length - parts.reader.waitingBytes),
            ),
          ).toBe(true)
        },
      ),
      { numRuns: 80 },
    )
  })
})

test('no parser hangs or crashes on random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(60), (garbage, n) => {
      const { framing, direction } = corpora[n % corpora.length] ?? { framing: resp, direction: 'requests' as const }
      const { out, reader } = readAll(framing, [Buffer.from(garbage)], { direction })
      expect(out.reduce((sum, { bytes }) => sum + bytes.length, reader.waitingBytes)).toBe(garbage.length)
      for (const { bytes } of out) {
        readResp(bytes)
        readRespCommand(bytes)
        framing.read(bytes)
      }
    }),
    { numRuns: 300 },
  )
})

describe('a frame reader', () => {
  test('a frame reader passes on an oversized message unframed, and frames the messages after it', () => {
    const read = readAll(resp, cut(latin(`+a\r\n$3000\r\n${'x'.repeat(3000)}\r\n+b\r\n`), [500, 1500, 2500]), {
      max: 1000,
    })
    expect(read.messages).toEqual(['+a\r\n', '+b\r\n'])
    expect(normal(read.out).length).toBe(4)
    expect([read.reader.oversized, read.reader.framed]).toEqual([1, true])
  })

  test.each([
    ['a string of 4 GiB', resp, '$4294967296\r\nabc'],
    ['an array of 4,294,967,296', resp, '*4294967296\r\n'],
    ['a length of 4 GiB', lengthPrefixed({ lengthFieldLength: 4, byteOrder: 'big' }), '\xff\xff\xff\xffabc'],
  ])('a frame reader allocates no memory for announced bytes that have not arrived: %s', (_, framing, text) => {
    const before = process.memoryUsage().arrayBuffers
    const { out, reader } = readAll(framing, [latin(text), Buffer.alloc(1100)])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
    expect(out.every(({ whole }) => !whole)).toBe(true)
    expect(reader.waitingBytes).toBe(0)
  })

  test('a frame reader buffers a message of 100,000 single bytes in less than 2 MB of memory', () => {
    const reader = new FrameReader({ scanner: jsonLines.scanner('requests'), maxFrameBytes: 1 << 20 })
    const none = { frame: () => undefined, loose: () => undefined }
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 100_000; i++) reader.read(Buffer.of(0x20), none)
    expect(reader.waitingBytes).toBe(100_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000)
  })
})

test.each([
  ['$99999999999\r\n'],
  ['$-\r\n'],
  ['$1\rx'],
  ['$1x\r\n'],
  ['$1\r\nabc'],
  ['*?\r\n'],
  ['$:\r\n'],
  ['$/\r\n'],
  ['$1-\r\n'],
  ['HTTP/1.1 200 OK\r\n'],
  [`+${'x'.repeat(70_000)}\r\n`],
])('the RESP framing ends at %j, and all later bytes pass unframed', (text) => {
  const { out, reader, messages } = readAll(resp, [latin(`:1\r\n${text}`), latin(':2\r\n')], {
    direction: 'responses',
    max: 1e6,
  })
  expect(messages).toEqual([':1\r\n'])
  expect(reader.framed).toBe(false)
  expect(normal(out)).toEqual([':1\r\n', `loose ${text}:2\r\n`, ''])
})

test('a frame reader reports the first byte of each message, and whether it passed on only a part of the message', () => {
  const begins: number[] = []
  const reader = new FrameReader({ scanner: jsonLines.scanner('requests'), maxFrameBytes: 3 })
  const sink = { begin: (byte: number) => void begins.push(byte), frame: () => undefined, loose: () => undefined }
  reader.read(latin('1\n2'), sink)
  expect([begins, reader.inParts, reader.waitingBytes, reader.messages]).toEqual([[0x31, 0x32], false, 1, 1])
  reader.read(latin('22'), sink)
  expect([reader.inParts, reader.waitingBytes, reader.oversized]).toEqual([false, 3, 0])
  reader.read(latin('2'), sink)
  expect([reader.inParts, reader.waitingBytes, reader.oversized]).toEqual([true, 0, 1])
  reader.read(latin('2\n3\n'), sink)
  expect([begins, reader.inParts, reader.messages]).toEqual([[0x31, 0x32, 0x33], false, 3])
  const skimmed: number[] = []
  const skimming = new FrameReader({ scanner: resp.scanner('responses'), maxFrameBytes: 3 })
  skimming.skim(latin('+a\r\n:1'), (byte) => void skimmed.push(byte))
  expect([skimming.inParts, skimming.messages]).toEqual([true, 1])
  skimming.skim(latin('\r\n-b\r\nHTTP'), (byte) => void skimmed.push(byte))
  expect([skimmed.map((byte) => String.fromCharCode(byte)), skimming.framed, skimming.messages]).toEqual([
    ['+', ':', '-', 'H'],
    false,
    3,
  ])
})

test.each([
  [3, [1, 2], ['frame abc']],
  [2, [1, 2], ['loose a open', 'loose bc end']],
  [2, [2, 1], ['loose ab open', 'loose c end']],
  [1, [2, 1], ['loose ab open', 'loose c end']],
  [2, [1, 1, 1], ['loose ab open', 'loose c end']],
  [2, [3], ['loose abc end']],
])('a frame reader that buffers %i bytes passes on a message of the pieces %j as %j', (most, sizes, expected) => {
  const reader = new FrameReader({
    scanner: createLengthPrefixScanner({ lengthFieldLength: 1, byteOrder: 'big', lengthAdjustment: 2 - 0x61 }),
    maxFrameBytes: most,
  })
  const out: string[] = []
  const sink = {
    frame: (bytes: Buffer) => void out.push(`frame ${bytes}`),
    loose: (bytes: Buffer, isEnd: boolean) => void out.push(`loose ${bytes} ${isEnd ? 'end' : 'open'}`),
  }
  let at = 0
  for (const size of sizes) {
    reader.read(latin('abc').subarray(at, at + size), sink)
    at += size
  }
  expect(out).toEqual(expected)
  expect([reader.messages, reader.oversized]).toEqual([1, most === 3 ? 0 : 1])
})

test('once the framing has ended, a frame reader passes all bytes on as parts that never end a message', () => {
  const reader = new FrameReader({ scanner: resp.scanner('responses'), maxFrameBytes: 100 })
  const ends: boolean[] = []
  const sink = { frame: () => undefined, loose: (_: Buffer, isEnd: boolean) => void ends.push(isEnd) }
  for (const text of ['+a', '\r\nHTTP', 'more']) reader.read(latin(text), sink)
  expect([reader.framed, ends.every((isEnd) => !isEnd)]).toEqual([false, true])
})

test('a message that began in skipped bytes is passed unframed, and the next message is framed', () => {
  const reader = new FrameReader({ scanner: jsonLines.scanner('requests'), maxFrameBytes: 100 })
  const out: string[] = []
  const sink = { frame: (b: Buffer) => void out.push(`whole ${b}`), loose: (b: Buffer) => void out.push(`loose ${b}`) }
  reader.skim(latin('1\n[2,'))
  reader.read(latin('3]\n4\n5'), sink)
  reader.release(sink)
  reader.read(latin('6\n7\n'), sink)
  expect(out).toEqual(['loose 3]\n', 'whole 4\n', 'loose 5', 'loose 6\n', 'whole 7\n'])
})

describe('the content of a RESP message', () => {
  test.each([
    ['$2\r\nhi\r\n', 'hi'],
    ['$1\r\n\xff\r\n', { base64: '/w==' }],
    ['-ERR x\r\n', { error: 'ERR x' }],
    ['!3\r\nbad\r\n', { error: 'bad' }],
    [':-7\r\n', -7],
    [':9007199254740993\r\n', '9007199254740993'],
    [',0.5\r\n', 0.5],
    ['#f\r\n', false],
    ['_\r\n', null],
    ['$-1\r\n', null],
    ['=5\r\ntxt:a\r\n', 'a'],
    ['*2\r\n:1\r\n*-1\r\n', [1, null]],
    ['%1\r\n+a\r\n:1\r\n', ['a', 1]],
    ['|1\r\n+ttl\r\n:1\r\n+x\r\n', 'x'],
  ])('the content of a RESP message is read from %j', (text, content) => {
    expect(resp.read(latin(text))).toEqual(content)
  })

  test('a RESP message may give its length in ten digits, and may have a line of at most 64 KiB', () => {
    expect(resp.read(latin('$0000000009\r\n123456789\r\n'))).toBe('123456789')
    const line = (length: number) => latin(`+${'x'.repeat(length)}\r\n`)
    const isFramed = (message: Buffer) => isOneMessage(resp, 'responses', message)
    expect([latin('$0000000009\r\n123456789\r\n'), line(65_534), line(65_535), line(65_536)].map(isFramed)).toEqual([
      ...[true, true, true, false],
    ])
    expect(resp.read(line(65_535))).toHaveLength(65_535)
  })

  test('a RESP message is a command if it is an array or an inline command', () => {
    expect(resp.command?.(latin('*2\r\n$3\r\nget\r\n$1\r\nx\r\n'))).toEqual({ name: 'GET', key: 'x' })
    expect(resp.command?.(latin('set y 1\r\n'))).toEqual({ name: 'SET', key: 'y' })
    expect(resp.command?.(latin(':1\r\n'))).toBe(undefined)
  })

  test.each<readonly [string, readonly unknown[] | undefined]>([
    ['*2\r\n$3\r\nGET\r\n$1\r\n\xff\r\n', ['GET', { base64: '/w==' }]],
    ['*2\r\n+GET\r\n$1\r\nx\r\n', ['GET', 'x']],
    ['*2\r\n$3\r\nGET\r\n:1\r\n', undefined],
    ['*2\r\n$3\r\nGET\r\n$-1\r\n', undefined],
    ['*1\r\n$3\r\nGET\r\nx', undefined],
    ['*1\r\n$12\r\nhello, world\r\n', ['hello, world']],
    ['*2\r\n$3\r\nGET\r\n$0\r\n\r\n', ['GET', '']],
    ['*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\n', ['GET', '\r\n']],
    ['~1\r\n$3\r\nGET\r\n', ['GET']],
    ['*1\r\n*1\r\n+GET\r\n', undefined],
    ['*1\r\n$3\r\nGET', undefined],
    ['*1', undefined],
    ['*0\r\n', undefined],
    ['  get   x \r\n', ['get', 'x']],
    ['get "x"\r\n', undefined],
    ["get 'x'\r\n", undefined],
    ['\r\n', undefined],
    ['', undefined],
  ])('the words of a RESP request come from an array or an unquoted line, or are undefined: %j', (text, words) => {
    expect(requestWords(latin(text))).toEqual(words)
  })

  test('the content of a RESP message is empty for a blank line or an empty array, which Redis skips', () => {
    const none = ['\r\n', '\n', ' \t\n', '*0\r\n', '*-1\r\n'].map((text) => isNoCommand(latin(text)))
    expect(none).toEqual([true, true, true, true, true])
    const some = ['*1\r\n', 'x\n', '       \n', '', '+0\r\n'].map((text) => isNoCommand(latin(text)))
    expect(some).toEqual([false, false, false, false, false])
  })

  test('a RESP push is a subscription if its kind is subscribe or punsubscribe, but not message', () => {
    const pushes = ['subscribe', 'punsubscribe', 'message'].map((kind) => readResp(latin(`>2\r\n+${kind}\r\n+a\r\n`)))
    expect(pushes.map((value) => value?.kind === 'push' && isSubscription(value))).toEqual([true, true, false])
    const odd = readResp(latin('>1\r\n:1\r\n'))
    expect(odd?.kind === 'push' && isSubscription(odd)).toBe(false)
    expect(['*0\r\n', '~0\r\n', '%0\r\n'].map((text) => readResp(latin(text))?.kind)).toEqual(['array', 'array', 'map'])
  })

  test('the content of a RESP message is read up to 32 levels deep', () => {
    const nested = (levels: number) => readResp(latin(`${'*1\r\n'.repeat(levels)}:1\r\n`))?.kind
    expect([nested(32), nested(33)]).toEqual(['array', undefined])
  })

  test('the content of a RESP message is undefined if the message is incomplete or invalid, or if other bytes follow', () => {
    expect(['+a\r\n+b\r\n', '+a', '*2\r\n:1\r\n', 'x\r\n', ''].map((text) => readResp(latin(text)))).toEqual([
      ...[undefined, undefined, undefined, undefined, undefined],
    ])
  })

  test('the content of a RESP message that is nested too deeply is undefined, although the message is framed', () => {
    const deep = `${'*1\r\n'.repeat(100_000)}:1\r\n`
    expect(isOneMessage(resp, 'responses', latin(deep))).toBe(true)
    expect(resp.read(latin(deep))).toBe(undefined)
  })
})

test('a framing writes a value as exactly one message, and reads the same value back', () => {
  const four = lengthPrefixed({ lengthFieldLength: 4, byteOrder: 'little', lengthAdjustment: -4 })
  for (const [framing, value] of [
    [jsonLines, { a: [1, 'ü\n'] }],
    [resp, ['SET', 'x', 'ü\r\n']],
    [four, 'text'],
    [four, { base64: '/w==' }],
  ] as const) {
    const message = framing.write(value, 'requests')
    expect(isOneMessage(framing, 'requests', message)).toBe(true)
    expect(framing.read(message)).toEqual(value)
  }
})

describe('a length-prefixed framing', () => {
  test.each([1, 2, 3, 4])(
    'a length-prefixed framing has by default a big-endian length of only the body, in %i bytes',
    (lengthFieldLength) => {
      const framing = parseFraming({ kind: 'length-prefixed', lengthFieldLength }, 'x')
      const message = framing.write('abc', 'requests')
      expect(message).toEqual(Buffer.concat([Buffer.alloc(lengthFieldLength - 1), Buffer.from([3]), latin('abc')]))
      expect(isOneMessage(framing, 'requests', message)).toBe(true)
      expect(framing.write('', 'requests')).toEqual(Buffer.alloc(lengthFieldLength))
    },
  )

  test.each(['big', 'little'] as const)(
    'a length-prefixed framing may have a length of several bytes: %s-endian',
    (byteOrder) => {
      const framing = lengthPrefixed({ lengthFieldLength: 3, byteOrder })
      const message = framing.write('x'.repeat(0x1_0203), 'requests')
      expect(message.subarray(0, 3)).toEqual(Buffer.from(byteOrder === 'big' ? [1, 2, 3] : [3, 2, 1]))
      expect(isOneMessage(framing, 'requests', message)).toBe(true)
    },
  )

  test.each([
    ['lengthFieldOffset', 0, -1],
    ['lengthFieldOffset', 1024, 1025],
    ['lengthAdjustment', -1024, -1025],
    ['lengthAdjustment', 1024, 1025],
  ])(
    'a length-prefixed framing may have the member %s with the value %i, but not with %i',
    (member, allowed, refused) => {
      const parsed = (value: number) => () =>
        parseFraming({ kind: 'length-prefixed', lengthFieldLength: 2, [member]: value }, 'x')
      expect(parsed(allowed)).not.toThrow()
      expect(parsed(refused)).toThrow(`${member} must be a whole number of bytes`)
    },
  )
})

test('isOneMessage accepts bytes only if they are exactly one complete message', () => {
  const isOne = ['', '\n', '{}\n', '{}', '{}\n{}\n'].map((text) => isOneMessage(jsonLines, 'requests', latin(text)))
  expect(isOne).toEqual([false, true, true, false, false])
})

describe('an invalid framing declaration', () => {
  test.each([
    [{ kind: 'length-prefixed', lengthFieldLength: 5 }, 'lengthFieldLength must be 1, 2, 3 or 4 bytes'],
    [{ kind: 'length-prefixed', lengthFieldLength: 0 }, 'lengthFieldLength must be 1, 2, 3 or 4 bytes'],
    [{ kind: 'length-prefixed', lengthFieldLength: 2, length: 3 }, 'unknown member "length"; there are kind, lengthF'],
    [
      'soap',
      'route n1: there is no framing "soap"; there are json-lines, mysql, postgresql, resp, websocket, length-prefixed',
    ],
    [undefined, 'route n1: there is no framing undefined; there are'],
    [null, 'route n1: there is no framing null'],
    [{ kind: 'resp', version: 3 }, 'route n1: unknown member "version"; there are kind'],
    [{ kind: 'length-prefixed' }, 'route n1: lengthFieldLength must be 1, 2, 3 or 4 bytes, as in {"kind"'],
    [
      { kind: 'length-prefixed', lengthFieldLength: 2, byteOrder: 'middle' },
      'route n1: byteOrder must be "big" or "little"',
    ],
    [
      { kind: 'length-prefixed', lengthFieldLength: 2, lengthFieldOffset: -1 },
      'lengthFieldOffset must be a whole number of bytes, 0 to 1024',
    ],
    [
      { kind: 'length-prefixed', lengthFieldLength: 2, lengthAdjustment: 0.5 },
      'lengthAdjustment must be a whole number of bytes',
    ],
  ])('an invalid framing declaration is refused: %j', (json, message) => {
    expect(() => parseFraming(json, 'route n1')).toThrow(UserError)
    expect(() => parseFraming(json, 'route n1')).toThrow(message)
  })

  test('a value that a framing cannot encode is refused with the reason', () => {
    expect(() => lengthPrefixed({ lengthFieldLength: 1, byteOrder: 'big' }).write('x'.repeat(256), 'requests')).toThrow(
      'does not fit',
    )
    expect(() => lengthPrefixed({ lengthFieldLength: 1, byteOrder: 'big' }).write(7, 'requests')).toThrow(
      'must be a string, or bytes',
    )
    expect(() => lengthPrefixed({ lengthFieldLength: 1, byteOrder: 'big' }).write({ base64: 7 }, 'requests')).toThrow(
      'must be a string, or bytes',
    )
    for (const text of ['OK', 'PING\r\n', '+OK\r\n+OK\r\n', '+OK'])
      expect(() => resp.write(text, 'requests')).toThrow('not one whole RESP message')
    for (const value of [{}, [], ['GET', null]])
      expect(() => resp.write(value, 'requests')).toThrow('a RESP message must be a command')
    expect(resp.write(['PING'], 'requests').toString()).toBe('*1\r\n$4\r\nPING\r\n')
    expect(resp.write(['SET', 'x', 12], 'requests').toString()).toBe('*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$2\r\n12\r\n')
    expect(resp.write('+OK\r\n', 'responses').toString()).toBe('+OK\r\n')
  })
})

test('remember() keeps 10,000 statements, and then removes the statement that was set least recently', () => {
  const statements = new Map<number, string>()
  for (let key = 0; key < 10_000; key++) remember(statements, key, 'a')
  remember(statements, 0, 'b')
  expect([statements.size, statements.get(0)]).toEqual([10_000, 'b'])
  remember(statements, 10_000, 'c')
  expect([statements.size, statements.has(0), statements.has(1), statements.has(2)]).toEqual([
    10_000,
    true,
    false,
    true,
  ])
})
