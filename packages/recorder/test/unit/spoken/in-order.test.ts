import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Framing } from '../../../../wire/src/framing/framing.ts'
import { MalformedMessage } from '../../../../wire/src/framing/malformed-message.ts'
import { Fifo } from '../../../src/spoken/fifo.ts'
import { type InOrderProtocol, MOST_PENDING, recordedInOrder } from '../../../src/spoken/in-order.ts'
import { eventTexts, recording } from '../../record/in-memory.ts'

/** Messages are lines of `name value`. */
const framing: Framing = {
  name: 'lines',
  scanner: () => ({ scan: (bytes, start) => bytes.indexOf('\n', start) + 1 || -1 }),
  read: (message) => message.toString().trimEnd(),
  write: (value) => Buffer.from(`${value}\n`),
}

const lines: InOrderProtocol<string> = {
  framing,
  requested(request, session) {
    const [key = '', value = ''] = request.toString().trimEnd().split(' ')
    if (key === '!') throw new MalformedMessage('it begins with !')
    if (key === '?') throw new RangeError('Maximum call stack size exceeded')
    if (key === 'HELLO') return { kept: key, understanding: { kind: 'passed-on', what: 'HELLO', touches: 'nothing' } }
    return { kept: value, understanding: { kind: 'operations', calls: [{ f: 'write', key, value }], session } }
  },
  answered(kept, reply) {
    if (reply.toString() === '!\n') throw new MalformedMessage('it begins with !')
    return reply.toString() === 'no\n' ? { type: 'fail', error: 'no' } : { type: 'ok', value: kept }
  },
}

/** One connection, whose bytes are passed on at once. */
function connected({ maxMessageBytes = 100 } = {}) {
  const { recorder, client } = recording()
  const served = recordedInOrder(lines, { recorder, node: 'n1', maxMessageBytes }, 'connection')
  const conversation = served.open({ host: '10.0.0.1', naming: { kind: 'fixed', session: 'a' } })
  let [asked, answered] = [0, 0]
  return {
    ...{ recorder, conversation },
    asks(text: string) {
      conversation.requested(Buffer.from(text), recorder.now())
      asked += Buffer.byteLength(text)
      conversation.sent(asked, recorder.now())
    },
    /** Gives the recorder a text from the server. Later, `delivers` delivers the text to the client. */
    answers(text: string) {
      conversation.answered(Buffer.from(text))
      answered += Buffer.byteLength(text)
    },
    delivers: (bytes = answered) => conversation.delivered(bytes),
    told: () => eventTexts(client),
  }
}

describe('a recorded connection whose server answers in order', () => {
  test('each request is assigned the next reply, in any division of the bytes', () => {
    const { asks, answers, delivers, told } = connected()
    for (const byte of 'x 1\nHELLO\ny 2\n') asks(byte)
    for (const byte of 'yes\nyes\nno\n') answers(byte)
    delivers()
    expect(told()).toEqual([
      ...['0 invoke write x="1" as a', 'passed-on: {"what":"HELLO","count":1,"mayWrite":false}'],
      ...['1 invoke write y="2" as a', '0 ok write x="1"', '1 fail write y'],
    ])
  })

  test('an unanswered request fails if no byte of it was sent, and has an unknown outcome otherwise', () => {
    const ends = [0, 1, 4, 5].map((sentBytes) => {
      const { conversation, recorder, told } = connected()
      conversation.requested(Buffer.from('x 1\nx 2\n'), recorder.now())
      conversation.sent(sentBytes, recorder.now())
      conversation.closed()
      return told().slice(2)
    })
    expect(ends).toEqual([
      ['0 fail write x', '1 fail write x'],
      ['0 info write x', '1 fail write x'],
      ['0 info write x', '1 fail write x'],
      ['0 info write x', '1 info write x'],
    ])
  })

  test('an operation ends when the last byte of its reply has been delivered', () => {
    const { asks, answers, delivers, told } = connected()
    asks('x 1\nx 2\n')
    answers('yes\nyes\n')
    delivers(7)
    expect(told().slice(2)).toEqual(['0 ok write x="1"'])
    delivers(8)
    expect(told().slice(2)).toEqual(['0 ok write x="1"', '1 ok write x="2"'])
  })

  test('a reply that is delivered after the server disconnected is recorded; other requests have unknown outcomes', () => {
    const { asks, answers, delivers, told, conversation } = connected()
    asks('x 1\nx 2\n')
    answers('yes\n')
    conversation.ended('the server hung up')
    delivers()
    conversation.closed()
    expect(told().slice(2)).toEqual(['1 info write x', '0 ok write x="1"'])
  })

  test('a request that was never forwarded is recorded as fail', () => {
    const { recorder, conversation, told } = connected()
    conversation.requested(Buffer.from('x 1\n'), recorder.now())
    conversation.closed()
    expect(told()).toEqual(['0 invoke write x="1" as a', '0 fail write x'])
  })

  test('a reply without a request is counted', () => {
    const { recorder, answers } = connected()
    answers('yes\n')
    expect(recorder.counters.unmatchedAnswers).toBe(1)
  })

  test('a recorded connection reports that it is full while too many requests are unanswered', () => {
    const { asks, answers, conversation } = connected()
    asks('x 1\n'.repeat(MOST_PENDING - 1))
    expect(conversation.isFull).toBe(false)
    asks('x 1\n')
    expect(conversation.isFull).toBe(true)
    answers('yes\n')
    expect(conversation.isFull).toBe(false)
  })

  test.each<[string, (connection: ReturnType<typeof connected>) => void]>([
    ['a malformed request', ({ asks }) => asks('! 3\nx 4\n')],
    ['a malformed reply', ({ answers }) => answers('!\n')],
    ['a request that its reader fails on', ({ asks }) => asks('? 3\nx 4\n')],
    ['a request that is too long', ({ asks }) => asks(`x ${'3'.repeat(100)}\nx 4\n`)],
    ['a reply that is too long', ({ answers }) => answers('y'.repeat(101))],
    ['a fault that changes bytes', ({ conversation }) => conversation.altered()],
    ['a fault that loses messages', ({ conversation }) => conversation.disturbed([])],
  ])('recording of a connection stops after %s, and unanswered requests have an unknown outcome', (_, lose) => {
    const connection = connected()
    connection.asks('x 1\nx 2\n')
    connection.answers('yes\n')
    lose(connection)
    connection.asks('x 5\n')
    connection.answers('yes\nyes\n')
    connection.delivers()
    connection.conversation.closed()
    expect(connection.recorder.counters).toMatchObject({ opaqueConnections: 1, unmatchedAnswers: 0 })
    expect(connection.told().filter((line) => !line.startsWith('touched'))).toEqual([
      ...['0 invoke write x="1" as a', '1 invoke write x="2" as a'],
      ...['1 info write x', '0 ok write x="1"'],
    ])
  })
})

test('Fifo returns any number of elements in the order of insertion', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3_000, max: 3_000 }), { maxLength: 20 }), (steps) => {
      const [queue, model] = [new Fifo<number>(), [] as number[]]
      let pushed = 0
      for (const step of steps) {
        for (let i = 0; i < step; i++) {
          queue.push(++pushed)
          model.push(pushed)
        }
        const shifted = Array.from({ length: Math.max(0, -step) }, () => queue.shift())
        expect(shifted).toEqual(Array.from(shifted, () => model.shift()))
        expect([queue.length, queue.first, ...queue]).toEqual([model.length, model[0], ...model])
      }
    }),
    { numRuns: 30 },
  )
})
