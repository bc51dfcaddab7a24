import { describe, expect, test } from 'vitest'
import { contentFrames, firstFrame, longText, methodFrame, shortText, table } from '../../../src/amqp/frames.ts'

const ack = methodFrame('basic.ack', 1, Buffer.from([7]))

/** The frame with another byte at this place, from the end if it is negative. */
function altered(frame: Buffer, at: number, byte: number): Buffer {
  const bytes = Buffer.from(frame)
  bytes[at < 0 ? bytes.length + at : at] = byte
  return bytes
}

describe('an AMQP frame', () => {
  test('is read once all of its bytes have arrived, whatever bytes follow', () => {
    const expected = { frame: { kind: 'method', name: 'basic.ack', members: Buffer.from([7]) }, size: ack.length }
    expect(firstFrame(Buffer.concat([ack, ack]))).toEqual(expected)
    for (let size = 0; size < ack.length; size++) expect(firstFrame(ack.subarray(0, size))).toBeUndefined()
    expect(firstFrame(ack)).toEqual(expected)
  })

  test('the content frames of a message are a header with its size, and its body', () => {
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
  ])('is refused if it %s', (_, bytes, why) => {
    expect(firstFrame(bytes)).toBe(why)
  })

  test('is read even if it is a heartbeat or an unknown method', () => {
    expect(firstFrame(Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]))).toEqual({ frame: { kind: 'heartbeat' }, size: 8 })
    expect(firstFrame(Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 99, 0, 3, 0xce]))).toMatchObject({
      frame: { kind: 'method', name: '99.3' },
    })
  })
})

test('an AMQP table is written as its size, followed by members with a type before each value', () => {
  const members = Buffer.concat([
    ...[shortText('a'), Buffer.from('I'), Buffer.from([0, 0, 0, 5])],
    ...[shortText('b'), Buffer.from('S'), longText('x')],
  ])
  expect(table({ a: 5, b: 'x' })).toEqual(Buffer.concat([Buffer.from([0, 0, 0, members.length]), members]))
})
