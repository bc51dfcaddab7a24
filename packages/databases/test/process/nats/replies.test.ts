import { expect, test } from 'vitest'
import { natsReplies } from '../../../src/nats/client/replies.ts'

/** Returns the subject at which a request expects its replies. */
const inboxIn = (bytes: Buffer): string => /^H?PUB \S+ (\S+)/m.exec(bytes.toString())?.[1] ?? ''

test('the NATS client sends CONNECT once, and answers a PING with its next request', () => {
  const replies = natsReplies()
  const first = replies.bytes({ subject: 'a', payload: 'é' }).toString()
  expect(first).toMatch(/^CONNECT \{.*\}\r\nSUB _INBOX\.\w+\.1 1\r\nPUB a _INBOX\.\w+\.1 2\r\né\r\n$/)
  expect(replies.read(Buffer.from('INFO {}\r\nPING\r\nPING\r\n'))).toEqual({ type: 'incomplete' })
  const next = replies.bytes({ subject: 'b', payload: '1', headers: { Revision: '7' } }).toString()
  expect(next).toMatch(
    /^UNSUB 1\r\nPONG\r\nPONG\r\nSUB _INBOX\.\w+\.2 2\r\nHPUB b _INBOX\.\w+\.2 25 26\r\nNATS\/1\.0\r\nRevision: 7\r\n\r\n1\r\n$/,
  )
})

test('the NATS client reads messages with and without headers, however the bytes are divided', () => {
  const replies = natsReplies()
  const inbox = inboxIn(replies.bytes({ subject: 'pull', most: 3 }))
  const arrived = Buffer.from(
    [
      'MSG queue.x 1 $JS.ACK.s.c.1.8.1.0.0 3\r\né1\r\n',
      `HMSG ${inbox} 1 26 27\r\nNATS/1.0\r\nSequence: 17\r\n\r\n5\r\n`,
      `HMSG ${inbox} 1 28 28\r\nNATS/1.0 404 No Messages\r\n\r\n\r\n`,
    ].join(''),
  )
  const pieces = Array.from(arrived, (byte) => replies.read(Buffer.from([byte])))
  const [answer, ...others] = pieces.filter(({ type }) => type !== 'incomplete')
  expect(others).toEqual([])
  expect(answer).toMatchObject({
    type: 'reply',
    reusable: true,
    reply: [
      { subject: 'queue.x', reply: '$JS.ACK.s.c.1.8.1.0.0', payload: Buffer.from('é1'), status: undefined },
      { headers: new Map([['Sequence', '17']]), payload: Buffer.from('5'), status: undefined },
      { status: 404, description: 'No Messages' },
    ],
  })
})

test('the NATS client ignores replies to earlier requests, and messages of other queues', () => {
  const replies = natsReplies()
  const late = inboxIn(replies.bytes({ subject: 'pull of queue b' }))
  const own = inboxIn(replies.bytes({ subject: 'pull of queue z' }))
  for (const subject of [late, 'queue.b'])
    expect(replies.read(Buffer.from(`MSG ${subject} 1 1\r\n1\r\n`))).toEqual({ type: 'incomplete' })
  const answer = replies.read(Buffer.from(`MSG ${own} 2 1\r\n2\r\n`))
  expect(answer).toMatchObject({ type: 'reply', reply: [{ payload: Buffer.from('2') }] })
})

test.each(["-ERR 'Stale Connection'", 'HTTP/1.1 400 Bad Request', 'MSG a 1 many'])(
  'the NATS client reports a connection as unreadable after %s',
  (line) => {
    const replies = natsReplies()
    replies.bytes({ subject: 'a' })
    expect(replies.read(Buffer.from(`${line}\r\n`))).toEqual({ type: 'unreadable', why: line })
  },
)
