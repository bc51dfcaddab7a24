import { expect, test } from 'vitest'
import { outcomeOf } from '../../../../targets/src/clients/outcome-of.ts'
import { contentFrames, long, longlong, methodFrame, octet, short, shortText } from '../../../../wire/src/amqp/index.ts'
import { rabbitmqErrors } from '../../../src/rabbitmq/client/outcomes.ts'
import { type ChannelReplies, channelReplies } from '../../../src/rabbitmq/client/replies.ts'

const onChannel = (name: Parameters<typeof methodFrame>[0], ...members: readonly Buffer[]): Buffer =>
  methodFrame(name, 1, ...members)
const confirmed = onChannel('basic.ack', longlong(1n), octet(0))
const returned = onChannel('basic.return', short(312), shortText('NO_ROUTE'), shortText(''), shortText('q'))
const closed = onChannel('channel.close', short(404), shortText('NOT_FOUND - no queue'), short(60), short(70))

function opened(): ChannelReplies {
  const replies = channelReplies()
  replies.introduce(true)
  expect(replies.read(onChannel('channel.open-ok', long(0)))).toEqual({ type: 'incomplete' })
  expect(replies.isOpen()).toBe(false)
  expect(replies.read(onChannel('confirm.select-ok'))).toMatchObject({ type: 'reply', reusable: true })
  expect(replies.isOpen()).toBe(true)
  return replies
}

test('the RabbitMQ client sends protocol header, login and channel opening together', () => {
  const bytes = channelReplies().introduce(false)
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([65, 77, 81, 80, 0, 0, 9, 1]))
  expect(bytes.toString('latin1')).toContain('\0guest\0guest')
  expect(bytes.includes(onChannel('confirm.select', octet(0)))).toBe(false)
  expect(channelReplies().introduce(true).subarray(-13)).toEqual(onChannel('confirm.select', octet(0)))
})

test('the RabbitMQ client reads a message however its frames are divided', () => {
  const replies = opened()
  const body = Buffer.from('{"é":1}')
  const got = onChannel('basic.get-ok', longlong(7n), octet(0), shortText(''), shortText('q'), long(0))
  const arriving = Buffer.concat([got, contentFrames(body, 1, true)])
  const pieces = Array.from(arriving, (byte) => replies.read(Buffer.from([byte])))
  expect(pieces.filter(({ type }) => type !== 'incomplete')).toEqual([
    { type: 'reply', reply: { type: 'message', tag: 7n, body }, reusable: true },
  ])
})

test('the RabbitMQ client completes a message without a body when its header has arrived', () => {
  const replies = opened()
  const header = contentFrames(Buffer.alloc(0), 1, true).subarray(0, -8)
  const got = onChannel('basic.get-ok', longlong(7n), octet(0), shortText(''), shortText('q'), long(0))
  expect(replies.read(Buffer.concat([got, header]))).toMatchObject({
    reply: { type: 'message', body: Buffer.alloc(0) },
  })
})

test('the RabbitMQ client reports a returned message as returned even if the broker confirms it', () => {
  const replies = opened()
  const content = contentFrames(Buffer.from('1'), 1, true)
  expect(replies.read(Buffer.concat([returned, content]))).toEqual({ type: 'incomplete' })
  expect(replies.read(confirmed)).toEqual({ type: 'reply', reply: { type: 'returned' }, reusable: true })
  expect(replies.read(confirmed)).toEqual({ type: 'reply', reply: { type: 'done' }, reusable: true })
})

test('the RabbitMQ client reports why a channel was closed, and does not reuse the channel', () => {
  const reply = { type: 'closed', error: '404 NOT_FOUND - no queue' }
  expect(opened().read(closed)).toEqual({ type: 'reply', reply, reusable: false })
})

test.each([
  ['a refused login', methodFrame('connection.close', 0, short(403), shortText('ACCESS_REFUSED')), 'ACCESS_REFUSED'],
  ['another version', Buffer.from('AMQP\x00\x01\x00\x00', 'latin1'), 'another version'],
  ['a frame that is too large', Buffer.from([1, 0, 1, 255, 255, 255, 255]), 'a frame of'],
  ['a frame without an end', Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]), 'without an end'],
  ['a frame of another kind', Buffer.from([9, 0, 0, 0, 0, 0, 0, 0xce]), 'the kind 9'],
])('the RabbitMQ client reports a connection as unreadable after %s', (_, bytes, why) => {
  expect(channelReplies().read(bytes)).toEqual({ type: 'unreadable', why: expect.stringContaining(why) })
})

test('the RabbitMQ client ignores heartbeats before and between replies', () => {
  const replies = opened()
  const heartbeat = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce])
  expect(replies.read(heartbeat)).toEqual({ type: 'incomplete' })
  expect(replies.read(Buffer.concat([heartbeat, confirmed]))).toMatchObject({ reply: { type: 'done' } })
})

test('a RabbitMQ error is definite only if it excludes every effect of the request', () => {
  const outcome = (message: string) => outcomeOf(rabbitmqErrors, message)
  expect(['312 NO_ROUTE', '404 NOT_FOUND - x', '405 RESOURCE_LOCKED'].map(outcome)).toEqual(['fail', 'fail', 'fail'])
  expect(['basic.nack', '541 INTERNAL_ERROR', '320 CONNECTION_FORCED'].map(outcome)).toEqual(['info', 'info', 'info'])
})
