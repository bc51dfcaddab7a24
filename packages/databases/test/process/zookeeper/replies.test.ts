import { expect, test } from 'vitest'
import { outcomeOf } from '../../../../targets/src/clients/outcome-of.ts'
import { int, long, recordReader, text } from '../../../../wire/src/jute/index.ts'
import { errorText, zookeeperErrors } from '../../../src/zookeeper/client/outcomes.ts'
import { type SessionReplies, sessionReplies } from '../../../src/zookeeper/client/replies.ts'

const framed = (...members: readonly Buffer[]): Buffer => {
  const record = Buffer.concat(members)
  return Buffer.concat([int(record.length), record])
}

/** The reply that grants a session of 4 s, with a password of two bytes. */
const granted = framed(int(0), int(4_000), long(7n), int(2), Buffer.from('pw'), Buffer.from([0]))

function opened(): SessionReplies {
  const replies = sessionReplies()
  expect(replies.read(granted)).toMatchObject({ type: 'reply', reusable: true })
  return replies
}

test('the ZooKeeper client asks for a new session with the last zxid that it has seen', () => {
  const replies = sessionReplies()
  expect(replies.isOpen()).toBe(false)
  const reader = recordReader(replies.introduce(0x1_0000_0002n, 4_000))
  expect(reader.int()).toBe(45)
  expect([reader.int(), reader.long(), reader.int(), reader.long()]).toEqual([0, 0x1_0000_0002n, 4_000, 0n])
  expect(reader.bytes()).toEqual(Buffer.alloc(16))
})

test('the ZooKeeper client reads a session and a reply however the bytes are divided', () => {
  const replies = sessionReplies()
  const pieces = Array.from(granted, (byte) => replies.read(Buffer.from([byte])).type)
  expect(pieces.filter((type) => type !== 'incomplete')).toEqual(['reply'])
  expect(pieces.at(-1)).toBe('reply')
  expect(replies.isOpen()).toBe(true)
  expect(replies.request('sync', text('/é'))).toEqual(framed(int(1), int(9), text('/é')))
  const answer = framed(int(1), long(5n), int(0), text('/é'))
  const last = Array.from(answer, (byte) => replies.read(Buffer.from([byte]))).at(-1)
  expect(last).toEqual({
    type: 'reply',
    reply: { zxid: 5n, error: 0, record: text('/é') },
    reusable: true,
  })
})

test('the ZooKeeper client does not count pings as requests', () => {
  const replies = opened()
  expect(replies.request('ping', Buffer.alloc(0))).toEqual(framed(int(-2), int(11)))
  expect(replies.read(framed(int(-2), long(5n), int(0)))).toMatchObject({ type: 'reply' })
  expect(replies.request('sync', text('/x'))).toEqual(framed(int(1), int(9), text('/x')))
})

test.each([
  ['a reply to another request', framed(int(2), long(5n), int(0)), 'request 1 was answered as 2'],
  ['half a header', framed(int(1)), 'a reply that ends early'],
  ['a negative length', int(-1), 'a reply of invalid length -1'],
  ['an excessive length', int(1 << 30), 'a reply of invalid length 1073741824'],
])('the ZooKeeper client reports a connection as unreadable after %s', (_, answer, why) => {
  const replies = opened()
  replies.request('getData', text('/x'))
  expect(replies.read(answer)).toEqual({ type: 'unreadable', why: expect.stringContaining(why) })
})

test('the ZooKeeper client reports a refused session as unreadable', () => {
  const refused = framed(int(0), int(0), long(0n), int(16), Buffer.alloc(16), Buffer.from([0]))
  expect(sessionReplies().read(refused)).toMatchObject({ type: 'unreadable' })
})

test('a ZooKeeper record that announces more bytes than it has is refused', () => {
  expect(() => recordReader(Buffer.concat([int(3), Buffer.from('ab')])).bytes()).toThrow(RangeError)
})

test('a ZooKeeper error is definite only if it excludes every effect of the request', () => {
  expect([-101, -103, -110].map((code) => outcomeOf(zookeeperErrors, errorText(code)))).toEqual([
    'fail',
    'fail',
    'fail',
  ])
  expect([-1, -4, -7, -122, -999].map((code) => outcomeOf(zookeeperErrors, errorText(code)))).toEqual(
    Array(5).fill('info'),
  )
})
