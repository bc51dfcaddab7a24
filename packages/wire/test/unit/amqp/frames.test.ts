import { describe, expect, test } from 'vitest'
import {
  contentFrames,
  firstFrame,
  long,
  longlong,
  longText,
  methodFrame,
  octet,
  short,
  shortText,
  table,
} from '../../../src/amqp/frames.ts'

const ack = methodFrame('basic.ack', 1, Buffer.from([7]))

/** Changes the byte at this position of a frame. A negative position counts from the end. */
function altered(frame: Buffer, at: number, byte: number): Buffer {
  const bytes = Buffer.from(frame)
  bytes[at < 0 ? bytes.length + at : at] = byte
  return bytes
}

describe('an AMQP frame', () => {
  test('an AMQP frame is read once all of its bytes have arrived, even if other bytes follow', () => {
    const expected = { frame: { kind: 'method', name: 'basic.ack', members: Buffer.from([7]) }, size: ack.length }
    expect(firstFrame(Buffer.concat([ack, ack]))).toEqual(expected)
    for (let size = 0; size < ack.length; size++) expect(firstFrame(ack.subarray(0, size))).toBeUndefined()
    expect(firstFrame(ack)).toEqual(expected)
  })

  test('AMQP content frames contain first a header with the size of the message, and then its body', () => {
    const content = contentFrames(Buffer.from('hello'), 1, true)
    const header = firstFrame(content)
    if (typeof header !== 'object') throw new Error('there is no frame')
    expect(header.frame).toEqual({ kind: 'header', size: 5 })
    const body = firstFrame(content.subarray(header.size))
    expect(body).toMatchObject({ frame: { kind: 'body', bytes: Buffer.from('hello') } })
  })

  test('the content header has delivery mode 2 if the message is persistent, and 1 otherwise', () => {
    const mode = (persistent: boolean) => {
      const header = firstFrame(contentFrames(Buffer.alloc(0), 1, persistent))
      return typeof header === 'object' ? contentFrames(Buffer.alloc(0), 1, persistent)[header.size - 2] : undefined
    }
    expect([mode(true), mode(false)]).toEqual([2, 1])
  })

  test.each([
    ['has no end', altered(ack, -1, 0), 'a frame without an end'],
    ['is of no known kind', altered(ack, 0, 5), 'a frame of the kind 5'],
    ['is too long', altered(ack, 3, 0xff), `a frame of ${0xff_00_00_05} bytes`],
    ['is the header of another version', Buffer.from('AMQP\0\0\x09\x01'), 'the server speaks another version of AMQP'],
    ['has a method without a number', Buffer.from([1, 0, 0, 0, 0, 0, 2, 0, 60, 0xce]), 'a method without a number'],
    ['has a header without a size', Buffer.from([2, 0, 0, 0, 0, 0, 1, 0, 0xce]), 'a header without a size'],
  ])('an AMQP frame is refused if it %s', (_, bytes, why) => {
    expect(firstFrame(bytes)).toBe(why)
  })

  test('an AMQP content header may end after the size of the message, but not earlier', () => {
    const bytes = Buffer.from([2, 0, 0, 0, 0, 0, 12, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0xce])
    expect(firstFrame(bytes)).toMatchObject({ frame: { kind: 'header', size: 9 } })
    expect(firstFrame(Buffer.concat([altered(bytes.subarray(0, 18), 6, 11), Buffer.from([0xce])]))).toBe(
      'a header without a size',
    )
  })

  test('an AMQP frame is read even if it is a heartbeat or an unknown method', () => {
    expect(firstFrame(Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]))).toEqual({ frame: { kind: 'heartbeat' }, size: 8 })
    expect(firstFrame(Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 99, 0, 3, 0xce]))).toMatchObject({
      frame: { kind: 'method', name: '99.3' },
    })
  })
})

test('an AMQP table is written as its size and its members, each with a type before the value', () => {
  const members = Buffer.concat([
    ...[shortText('a'), Buffer.from('I'), Buffer.from([0, 0, 0, 5])],
    ...[shortText('b'), Buffer.from('S'), longText('x')],
  ])
  expect(table({ a: 5, b: 'x' })).toEqual(Buffer.concat([Buffer.from([0, 0, 0, members.length]), members]))
})

// https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf, section 1.2, and RabbitMQ's own extensions.
test.each<readonly [Parameters<typeof methodFrame>[0], number, number]>([
  ['connection.start-ok', 10, 11],
  ['connection.tune-ok', 10, 31],
  ['connection.open', 10, 40],
  ['connection.close', 10, 50],
  ['channel.open', 20, 10],
  ['channel.open-ok', 20, 11],
  ['channel.close', 20, 40],
  ['queue.declare', 50, 10],
  ['queue.declare-ok', 50, 11],
  ['basic.qos', 60, 10],
  ['basic.qos-ok', 60, 11],
  ['basic.publish', 60, 40],
  ['basic.return', 60, 50],
  ['basic.get', 60, 70],
  ['basic.get-ok', 60, 71],
  ['basic.get-empty', 60, 72],
  ['basic.ack', 60, 80],
  ['basic.nack', 60, 120],
  ['confirm.select', 85, 10],
  ['confirm.select-ok', 85, 11],
])('the AMQP method %s has the class %i and the number %i', (name, kind, number) => {
  const bytes = methodFrame(name, 258)
  expect(bytes).toEqual(Buffer.from([1, 1, 2, 0, 0, 0, 4, 0, kind, 0, number, 0xce]))
  expect(firstFrame(bytes)).toMatchObject({ frame: { name } })
})

test('contentFrames writes a message as AMQP frames, up to 16 MiB', () => {
  expect(contentFrames(Buffer.from('hi'), 3, true).toString('hex')).toBe(
    '02' +
      '0003' +
      '0000000f' +
      '003c' +
      '0000' +
      '0000000000000002' +
      '1000' +
      '02' +
      'ce' +
      '03' +
      '0003' +
      '00000002' +
      '6869' +
      'ce',
  )
  const announced = (size: number) => {
    const head = Buffer.alloc(7)
    head[0] = 3
    head.writeUInt32BE(size, 3)
    return firstFrame(head)
  }
  expect([announced(16 << 20), announced((16 << 20) + 1)]).toEqual([undefined, `a frame of ${(16 << 20) + 1} bytes`])
  expect(() => shortText('x'.repeat(256))).toThrow(RangeError)
  expect(
    [short(258), long(16_909_060), longlong(72_623_859_790_382_856n), octet(7)].map((made) => made.toString('hex')),
  ).toEqual([...['0102', '01020304', '0102030405060708', '07']])
})
