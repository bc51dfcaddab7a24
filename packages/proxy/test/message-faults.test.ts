import type { MessageFault, MessageHarm, MessageTrigger } from '@chaos/faults'
import { parseMessageFault } from '@chaos/faults'
import { millis, UserError } from '@chaos/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Framing } from '../src/framing/framing.ts'
import { jsonLines } from '../src/framing/json-lines.ts'
import { lengthPrefixed } from '../src/framing/length-prefixed.ts'
import { resp } from '../src/framing/resp.ts'
import type { Exit, Interceptor } from '../src/interceptor.ts'
import { createMessageFaults } from '../src/messages/message-faults.ts'
import { closeEverythingAfterEach, dial, links, ManualClock, network, Received, serve } from './sockets.ts'

closeEverythingAfterEach()

const to = [{ from: 'n1', to: 'n2' }]
const back = [{ from: 'n2', to: 'n1' }]
const drop = { kind: 'drop-message' } as const
const twice = { kind: 'duplicate-message', copies: 1 } as const
const late = { kind: 'delay-message', delayMs: millis(100), jitterMs: millis(0) } as const
const behind = (others: number, withinMs = 1000) =>
  ({ kind: 'reorder-message', behind: others, withinMs: millis(withinMs) }) as const
const again = (others: number, withinMs = 1000) =>
  ({ kind: 'replay-message', behind: others, withinMs: millis(withinMs) }) as const

/** Connections of one framed route, without sockets: what went in, what came out. */
function world({ framing = jsonLines as Framing, seed = 1, maxMessageBytes = 1000 } = {}) {
  const clock = new ManualClock()
  const faults = createMessageFaults({ seed, clock, maxMessageBytes })
  const intercept = faults.intercept({ from: 'n1', to: 'n2', framing })
  let connections = 0
  const outlet = () => {
    const out = { text: '', ended: false, reset: false, reading: true }
    const exit: Exit = {
      pass: (bytes) => {
        out.text += bytes.toString('latin1')
        return true
      },
      end() {
        out.ended = true
      },
      reset() {
        out.reset = true
      },
      setReading(reading) {
        out.reading = reading
      },
      congested: false,
    }
    return { out, exit }
  }
  function connect() {
    const [there, here] = [outlet(), outlet()]
    const interceptor: Interceptor = intercept({
      id: ++connections,
      client: { host: '127.0.0.1', port: 1 },
      requests: there.exit,
      responses: here.exit,
      dial: () => undefined,
      abort: () => undefined,
    })
    const send = (text: string) => {
      // What was received is read over afterwards, as a socket's memory is.
      const scratch = Buffer.from(text, 'latin1')
      interceptor.requests.receive(scratch)
      scratch.fill(0)
    }
    return { interceptor, send, there: there.out, here: here.out }
  }
  const apply = (harm: MessageHarm, rest: Partial<MessageFault> = {}) =>
    faults.apply({ links: to, ...rest, ...harm } as MessageFault)
  return { clock, faults, connect, apply, ...connect() }
}

const numbers = (from: number, until: number) =>
  Array.from({ length: until - from + 1 }, (_, i) => `${from + i}\n`).join('')

describe('without a fault', () => {
  test('every byte goes on as it comes, framed or not, whole or not', () => {
    const { send, there, interceptor, faults } = world({ framing: resp })
    send('*1\r\n$4\r\nPI')
    expect(there.text).toBe('*1\r\n$4\r\nPI')
    send('NG\r\n\0\0\xffgarbage')
    interceptor.requests.end()
    expect(there).toMatchObject({ text: '*1\r\n$4\r\nPING\r\n\0\0\xffgarbage', ended: true, reset: false })
    expect(faults.statistics().get('n1>n2')).toEqual({ messages: 1, oversized: 0, unframed: 0 })
    interceptor.responses.receive(Buffer.from('HTTP/1.1\r\n'))
    expect(faults.statistics().get('n2>n1')).toEqual({ messages: 0, oversized: 0, unframed: 1 })
  })
})

describe('a message is', () => {
  test('lost, and the connection goes on', () => {
    const { apply, send, there } = world()
    const fault = apply(drop, { when: { nth: 2 } })
    send('1\n2\n3\n')
    expect([there.text, fault.hits]).toEqual(['1\n3\n', 1])
  })

  test('duplicated, at once', () => {
    const { apply, send, there } = world()
    const fault = apply({ kind: 'duplicate-message', copies: 2 }, { when: { nth: 2 } })
    send('1\n2\n3\n')
    expect([there.text, fault.hits]).toEqual(['1\n2\n2\n2\n3\n', 1])
  })

  test('overtaken by as many others as was said', () => {
    const { apply, send, there } = world()
    const fault = apply(behind(2), { when: { nth: 1 } })
    send('1\n2\n')
    expect([there.text, fault.hits]).toEqual(['2\n', 1])
    send('3\n4\n')
    expect(there.text).toBe('2\n3\n1\n4\n')
  })

  test('let go on in time where no others come', () => {
    const { apply, send, there, clock } = world()
    apply(behind(2, 50), { when: { nth: 1 } })
    send('1\n2\n')
    clock.advance(49)
    expect(there.text).toBe('2\n')
    clock.advance(1)
    expect(there.text).toBe('2\n1\n')
  })

  test('replayed after as many others as was said, or in time', () => {
    const { apply, send, there, clock } = world()
    const fault = apply(again(2, 50), { when: { every: 4 } })
    send(numbers(1, 7))
    expect([there.text, fault.hits]).toEqual([`${numbers(1, 6)}4\n7\n`, 1])
    send('8\n')
    clock.advance(50)
    expect([there.text, fault.hits]).toEqual([`${numbers(1, 6)}4\n7\n8\n8\n`, 2])
  })

  test('delayed, and what follows waits behind it', () => {
    const { apply, send, there, clock } = world()
    const fault = apply(late, { when: { nth: 2 } })
    send('1\n2\n3\n')
    expect(there.text).toBe('1\n')
    clock.advance(99)
    send('4\n')
    expect(there.text).toBe('1\n')
    clock.advance(1)
    expect([there.text, fault.hits, clock.armed]).toEqual(['1\n2\n3\n4\n', 1, 0])
  })

  test('corrupted by one bit, and is still one message', () => {
    for (const framing of [jsonLines, resp, lengthPrefixed({ lengthFieldLength: 2, byteOrder: 'big' })]) {
      for (let seed = 0; seed < 50; seed++) {
        const { apply, send, there } = world({ framing, seed })
        const fault = apply({ kind: 'corrupt-message', bits: 1 })
        const message = framing
          .write(framing === resp ? ['SET', 'key', 'value'] : 'hello', 'requests')
          .toString('latin1')
        send(message)
        expect([
          there.text.length,
          fault.hits,
          framing.scanner('requests').scan(Buffer.from(there.text, 'latin1'), 0),
        ]).toEqual([message.length, 1, message.length])
        const flips = [...message]
          .map((char, i) => char.charCodeAt(0) ^ there.text.charCodeAt(i))
          .filter((bits) => bits > 0)
        expect(flips.map((bits) => Math.log2(bits) % 1)).toEqual([0])
      }
    }
  })

  test('left alone where there is nothing in it to flip', () => {
    const { apply, send, there } = world()
    const fault = apply({ kind: 'corrupt-message', bits: 3 })
    send('\n')
    expect([there.text, fault.hits]).toEqual(['\n', 0])
  })

  test('replaced by one made up', () => {
    const { apply, send, there } = world({ framing: resp })
    apply({ kind: 'fabricate-message', message: ['DEL', 'x'] }, { match: { command: 'get' } })
    send('*2\r\n$3\r\nGET\r\n$1\r\nx\r\nPING\r\n')
    expect(there.text).toBe('*2\r\n$3\r\nDEL\r\n$1\r\nx\r\nPING\r\n')
  })

  test('hurt in the direction that was said, and in no other', () => {
    const { apply, send, there, here, interceptor } = world()
    apply(drop, { links: back })
    send('1\n')
    interceptor.responses.receive(Buffer.from('2\n'))
    expect([there.text, here.text]).toEqual(['1\n', ''])
  })

  test('hurt by several faults, in their order', () => {
    const { apply, send, there } = world()
    const counted = [apply(twice, { when: { nth: 2 } }), apply(drop, { when: { nth: 3 } }), apply(twice)]
    send('1\n2\n3\n')
    expect(there.text).toBe('1\n1\n2\n2\n2\n2\n')
    expect(counted.map(({ hits }) => hits)).toEqual([1, 1, 2])
  })
})

describe('a trigger', () => {
  const passed = (when: MessageTrigger, count = 12) => {
    const { apply, send, there } = world()
    apply(drop, { when })
    send(numbers(1, count))
    return there.text.split('\n').filter(Boolean).map(Number)
  }

  test('takes the nth, the first n, each so-manyth, and both of two conditions', () => {
    expect(passed({ nth: 3 }, 5)).toEqual([1, 2, 4, 5])
    expect(passed({ first: 3 }, 5)).toEqual([4, 5])
    expect(passed({ every: 2 }, 5)).toEqual([1, 3, 5])
    expect(passed({ every: 2, first: 4 }, 8)).toEqual([1, 3, 5, 6, 7, 8])
    expect(passed({ probability: 0 })).toHaveLength(12)
    expect(passed({ probability: 1 })).toEqual([])
  })

  test('counts the messages that match, over all connections of the link', () => {
    const { apply, send, there, connect } = world()
    const other = connect()
    apply(drop, { when: { nth: 2 }, match: { contains: 'x' } })
    send('"x1"\n"y"\n')
    other.send('"y"\n"x2"\n')
    send('"x3"\n')
    expect([there.text, other.there.text]).toEqual(['"x1"\n"y"\n"x3"\n', '"y"\n'])
  })

  test('leaves the first messages of each connection alone, also those before it was applied', () => {
    const { apply, send, there, connect } = world()
    const other = connect()
    send('1\n')
    apply(drop, { when: { afterMessages: 2 } })
    send('2\n3\n')
    other.send('1\n2\n3\n')
    expect([there.text, other.there.text]).toEqual(['1\n2\n', '1\n2\n'])
  })

  test('holds from a time until a time', () => {
    const { apply, send, there, clock } = world()
    clock.advance(1000)
    apply(drop, { when: { fromMs: millis(10), untilMs: millis(20) } })
    for (let n = 0; n < 3; n++) {
      send(`${n}\n`)
      clock.advance(10)
    }
    expect(there.text).toBe('0\n2\n')
  })

  test('draws the same for the same seed, whatever other connections, links and faults there are', () => {
    const drawn = (seed: number, crowd: boolean) => {
      const { apply, send, there, connect, faults } = world({ seed })
      faults.intercept({ from: 'n3', to: 'n2', framing: jsonLines })
      apply(drop, { when: { probability: 0.5 } })
      if (crowd) {
        apply(twice, { when: { probability: 0.5 }, match: { contains: 'nothing' } })
        faults.apply({ ...drop, links: [{ from: 'n3', to: 'n2' }], when: { probability: 0.5 } })
        connect().send(numbers(1, 40))
      }
      send(numbers(1, 200))
      return there.text
    }
    expect(drawn(1, true)).toBe(drawn(1, false))
    expect(drawn(2, false)).not.toBe(drawn(1, false))
    const kept = drawn(1, false).split('\n').length
    expect(kept).toBeGreaterThan(60)
    expect(kept).toBeLessThan(140)
  })
})

describe('a match', () => {
  test.each([
    [{ member: 'type' }, ['{"type":1,"n":1}', '{"type":{"a":null},"n":2}']],
    [{ member: 'type.a' }, ['{"type":{"a":null},"n":2}']],
    [{ member: 'type.a', equals: null }, ['{"type":{"a":null},"n":2}']],
    [{ member: 'type', equals: { a: null } }, ['{"type":{"a":null},"n":2}']],
    [{ member: 'type', equals: 1, contains: '"n":1' }, ['{"type":1,"n":1}']],
    [{ member: 'type', equals: 1, contains: '"n":2' }, []],
    [{ member: 'toString' }, []],
    [{ contains: 'no JSON' }, ['no JSON at all']],
  ])('%j', (match, struck) => {
    const { apply, send, there } = world()
    const lines = ['{"type":1,"n":1}', '{"type":{"a":null},"n":2}', 'no JSON at all', '[1]', 'null']
    apply(drop, { match })
    send(`${lines.join('\n')}\n`)
    expect(there.text.split('\n').slice(0, -1)).toEqual(lines.filter((line) => !struck.includes(line)))
  })

  test('by command and key', () => {
    const { apply, send, there } = world({ framing: resp })
    const fault = apply(drop, { match: { command: 'set', key: 'x' } })
    send('SET x 1\r\nset y 1\r\n*3\r\n$3\r\nset\r\n$1\r\nx\r\n$1\r\n2\r\nGET x\r\n')
    expect([there.text, fault.hits]).toEqual(['set y 1\r\nGET x\r\n', 2])
  })
})

describe('a fault that comes and goes', () => {
  test('begins with the first message that begins after it', () => {
    const { apply, send, there } = world()
    send('[1,')
    apply(drop)
    send('2]\n3\n')
    expect(there.text).toBe('[1,2]\n')
  })

  test('gives back at heal what it held, in order, and forgets what it would have repeated', () => {
    const { apply, send, there, clock } = world()
    const fault = apply(late, { when: { every: 2 } })
    const reorder = apply(behind(9), { when: { nth: 1 } })
    const replay = apply(again(9), { when: { nth: 5 } })
    send(`${numbers(1, 5)}[6,`)
    expect(there.text).toBe('')
    fault.remove()
    expect(there.text).toBe(numbers(2, 5))
    reorder.remove()
    replay.remove()
    replay.remove()
    expect([there.text, clock.armed]).toEqual([`${numbers(2, 5)}1\n[6,`, 0])
    send('7]\n')
    expect(there.text).toBe(`${numbers(2, 5)}1\n[6,7]\n`)
  })

  test('leaves a message delayed that another fault delays as well', () => {
    const { apply, send, there, clock } = world()
    const [first] = [apply(late), apply(late)]
    send('1\n')
    first?.remove()
    clock.advance(199)
    expect(there.text).toBe('')
    clock.advance(1)
    expect(there.text).toBe('1\n')
  })
})

describe('at the end', () => {
  test('what was to come later comes before an orderly one, and what is cut short comes last', () => {
    const { apply, send, there, interceptor } = world()
    apply(behind(5), { when: { nth: 1 } })
    apply(again(5), { when: { nth: 2 } })
    send('1\n2\n3\n[4')
    interceptor.requests.end()
    expect(there).toMatchObject({ text: '2\n3\n1\n[4', ended: true })
  })

  test('an orderly one waits for what is delayed, and so does a reset', () => {
    for (const ending of ['end', 'reset'] as const) {
      const { apply, send, there, interceptor, clock } = world()
      apply(late)
      send('1\n')
      interceptor.requests[ending]()
      expect(there).toMatchObject({ text: '', ended: false, reset: false })
      clock.advance(100)
      expect(there).toMatchObject({ text: '1\n', ended: ending === 'end', reset: ending === 'reset' })
    }
  })

  test('no timer is left once the connection is gone', () => {
    const { apply, send, interceptor, clock, there } = world()
    apply(late)
    send('1\n')
    expect(clock.armed).toBe(1)
    interceptor.closed()
    clock.advance(1000)
    expect([clock.armed, there.text]).toEqual([0, ''])
  })
})

describe('messages that are too large, or none', () => {
  test('go on unharmed, never with another in the middle, and are counted', () => {
    const { apply, send, there, clock, faults } = world({ maxMessageBytes: 50 })
    apply(behind(1, 10), { when: { nth: 1 } })
    send(`1\n${'x'.repeat(60)}`)
    clock.advance(20)
    send(`${'x'.repeat(60)}\n2\n`)
    expect(there.text).toBe(`${'x'.repeat(120)}\n1\n2\n`)
    expect(faults.statistics().get('n1>n2')).toEqual({ messages: 3, oversized: 1, unframed: 0 })
  })

  test('go on unharmed once the stream is not framed any more, after what was held back', () => {
    const { apply, send, there, interceptor, faults } = world({ framing: resp })
    apply(behind(9), { when: { nth: 1 } })
    apply(drop, { when: { nth: 2 } })
    send('PING\r\n*1\r\nx\r\n')
    send('PING\r\n')
    interceptor.requests.end()
    expect(there).toMatchObject({ text: 'PING\r\n*1\r\nx\r\nPING\r\n', ended: true })
    expect(faults.statistics().get('n1>n2')?.unframed).toBe(1)
  })
})

test('what is duplicated often is kept once', () => {
  const { apply, send, there } = world({ maxMessageBytes: 1 << 20 })
  apply({ kind: 'duplicate-message', copies: 100 })
  apply({ kind: 'delay-message', delayMs: millis(1000), jitterMs: millis(0) })
  const before = process.memoryUsage().arrayBuffers
  send(`${'x'.repeat(1 << 19)}\n`)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20)
  expect(there.text).toBe('')
})

test('the sender is stopped while more waits than there should, and goes on afterwards', () => {
  const { apply, send, there, clock } = world({ maxMessageBytes: 1 << 20 })
  apply(late)
  const line = `${'x'.repeat(1 << 19)}\n`
  for (let i = 0; i < 31; i++) send(line)
  expect(there.reading).toBe(true)
  send(line)
  send(line)
  expect(there.reading).toBe(false)
  clock.advance(100)
  expect([there.reading, there.text.length]).toEqual([true, 33 * line.length])
})

describe('a fault that cannot be is refused with the reason', () => {
  test.each<[Framing, unknown, string]>([
    [
      jsonLines,
      { kind: 'drop-message', links: ['n1>n3'] },
      'drop-message on n1>n3: no route with a framing carries this link.',
    ],
    [
      jsonLines,
      { kind: 'drop-message', links: ['n1>n2'], match: { command: 'SET' } },
      'needs RESP, and the link is framed as json-lines',
    ],
    [
      resp,
      { kind: 'drop-message', links: ['n1>n2'], match: { member: 'a' } },
      'needs JSON, and the link is framed as resp',
    ],
    [
      resp,
      { kind: 'drop-message', links: ['n2>n1'], match: { key: 'a' } },
      'is for requests, and this link carries only responses',
    ],
    [
      resp,
      { kind: 'fabricate-message', links: ['n1>n2'], message: 7 },
      'a RESP message is a command, as ["SET","x","1"]',
    ],
  ])('%#', (framing, json, reason) => {
    const { faults } = world({ framing })
    const apply = () => faults.apply(parseMessageFault(json, 'x'))
    expect(apply).toThrow(UserError)
    expect(apply).toThrow(reason)
  })

  test('but not where it can be in one of the two directions', () => {
    const { faults } = world({ framing: resp })
    faults.intercept({ from: 'n2', to: 'n1', framing: resp })
    faults.apply({ ...drop, links: back, match: { command: 'SET' } })
  })
})

describe('on real connections', () => {
  test('Redis commands are lost and repeated between a client and a server, and the rest goes on', async () => {
    const faults = createMessageFaults({ seed: 1 })
    const asked: string[] = []
    const server = await serve((socket) =>
      socket.setEncoding('latin1').on('data', (text: string) => {
        for (const command of text.split('\r\n').slice(0, -1)) {
          asked.push(command)
          socket.write(`+${command}\r\n`)
        }
        if (asked.length === 2) socket.end()
      }),
    )
    const made = network()
    const route = await made.route({
      from: 'clients',
      to: 'n1',
      upstream: server,
      intercept: faults.intercept({ from: 'clients', to: 'n1', framing: resp }),
    })
    const lost = faults.apply({ ...drop, links: [{ from: 'clients', to: 'n1' }], match: { key: 'b' } })
    const repeated = faults.apply({ ...twice, links: [{ from: 'n1', to: 'clients' }], when: { nth: 2 } })
    const client = new Received(await dial(route))
    client.socket.end('GET a\r\nGET b\r\nGET c\r\n')
    await client.until((received) => received.ended)
    expect(asked).toEqual(['GET a', 'GET c'])
    expect([client.text, lost.hits, repeated.hits]).toEqual(['+GET a\r\n+GET c\r\n+GET c\r\n', 1, 1])
  })

  test('a server that speaks first is dialled at once', async () => {
    const faults = createMessageFaults({ seed: 1 })
    const server = await serve((socket) => socket.end('{"hello":1}\n{"hello":2}\n'))
    const intercept = faults.intercept({ from: 'clients', to: 'n1', framing: jsonLines })
    const route = await network().route({ from: 'clients', to: 'n1', upstream: server, intercept })
    faults.apply({ ...twice, links: [{ from: 'n1', to: 'clients' }], when: { nth: 2 } })
    const client = new Received(await dial(route))
    await client.until((received) => received.ended)
    expect(client.text).toBe('{"hello":1}\n{"hello":2}\n{"hello":2}\n')
  })

  test('bulk goes through a framed link unharmed, with and without a fault that strikes nothing', async () => {
    const faults = createMessageFaults({ seed: 1 })
    const lines = Array.from({ length: 40_000 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(n % 300)}"}`).join('\n')
    const server = await serve((socket) => socket.pipe(socket))
    const intercept = faults.intercept({ from: 'clients', to: 'n1', framing: jsonLines })
    const route = await network().route({ from: 'clients', to: 'n1', upstream: server, intercept })
    for (const faulted of [false, true]) {
      if (faulted) faults.apply({ ...drop, links: [...links.both], match: { contains: 'nowhere' } })
      const client = new Received(await dial(route))
      client.socket.end(lines)
      await client.until((received) => received.ended)
      expect(client.text === lines).toBe(true)
    }
  })
})

test('whatever faults come and go, what arrives is whole messages that were sent, and without loss all of them', () => {
  const harm = fc.constantFrom<MessageHarm>(drop, twice, late, behind(1, 30), behind(3, 30), again(2, 30))
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), bytes: fc.integer({ min: 1, max: 30 }) }) },
    fc.record({ do: fc.constant('apply' as const), harm, probability: fc.constantFrom(0.3, 1) }),
    fc.record({ do: fc.constant('heal' as const), which: fc.nat(5) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(80) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
      const { apply, send, there, clock, interceptor } = world({ seed, maxMessageBytes: 12 })
      // Every fifth line is too large to be hurt.
      const lines = Array.from({ length: 400 }, (_, n) => (n % 5 === 4 ? `${n}${'-'.repeat(20)}` : `${n}`))
      const stream = `${lines.join('\n')}\n`
      const applied: ReturnType<typeof apply>[] = []
      let at = 0
      for (const step of steps) {
        if (step.do === 'send') {
          send(stream.slice(at, at + step.bytes))
          at += step.bytes
        } else if (step.do === 'apply') applied.push(apply(step.harm, { when: { probability: step.probability } }))
        else if (step.do === 'heal') applied[step.which]?.remove()
        else clock.advance(step.ms)
      }
      send(stream.slice(at))
      interceptor.requests.end()
      clock.advance(1e6)
      expect(there.ended).toBe(true)
      expect(there.text.endsWith('\n')).toBe(true)
      const arrived = there.text.split('\n').slice(0, -1)
      const sent = new Set(lines)
      expect(arrived.filter((line) => !sent.has(line))).toEqual([])
      const missing = lines.filter((line) => !arrived.includes(line))
      const lost = applied.reduce((sum, { fault, hits }) => sum + (fault.kind === 'drop-message' ? hits : 0), 0)
      expect(missing.length).toBe(lost)
      if (applied.length === 0) expect(there.text).toBe(stream)
    }),
    { numRuns: 150 },
  )
})
