import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import { commandSet } from '../../../recorder/src/redis/command-set.ts'
import { recordResp } from '../../../recorder/src/redis/resp-recorder.ts'
import { parseRespSettings } from '../../../recorder/src/redis/resp-settings.ts'
import { parseCarriage } from '../../src/control/state/carriage.ts'
import { recordConversations } from '../../src/interceptor/recorded-conversations.ts'
import { openRecordFile } from '../../src/record-file/record-file.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { command, serveResp } from '../redis.ts'
import { cleanUp, dial, drop, eventually, links, network, Received, serve, settled } from '../sockets.ts'
import { recorded } from './recorded.ts'

describe('Redis commands', () => {
  test('are operations on registers for strings, with outcomes from their replies', async () => {
    const { ask, told, recorder } = await recorded()
    await ask(command('SET', 'x', '1'), 5)
    await ask(command('get', 'x'), 7)
    await ask('GET y\r\n', 5)
    await ask(command('SETNX', 'x', '2'), 4)
    await ask(command('SET', 'y', '2', 'nx'), 5)
    await ask(command('APPEND', 'x', 'ü'), 4)
    await ask(command('DEL', 'x'), 4)
    expect(told()).toEqual([
      '0 invoke write x="1"',
      '0 ok write x="1"',
      '0 invoke read x=null',
      '0 ok read x="1"',
      '0 invoke read y=null',
      '0 ok read y=null',
      '0 invoke cas x=[null,"2"]',
      '0 fail cas x=undefined !the key exists',
      '0 invoke cas y=[null,"2"]',
      '0 ok cas y=[null,"2"]',
      '0 invoke append x="ü"',
      '0 ok append x="ü"',
      '0 invoke write x=null',
      '0 ok write x=null',
    ])
    expect(told('backend')).toEqual(told())
    expect(recorder.counters).toMatchObject({ operations: 7, open: 0, unmatched: 0, waiting: 0, opaqueConnections: 0 })
  })

  test('are operations on counters for numbers', async () => {
    const { ask, told } = await recorded({ commands: commandSet({ model: 'counter' }) })
    await ask(command('INCR', 'n'), 4)
    await ask(command('GET', 'n'), 7)
    expect(told()).toEqual(['0 invoke add n=1', '0 ok add n=1', '0 invoke read n=null', '0 ok read n=1'])
  })

  test('are a compare-and-set if they run a declared script', async () => {
    const script =
      "if redis.call('get',KEYS[1])==ARGV[1] then redis.call('set',KEYS[1],ARGV[2]) return 1 else return 0 end"
    const { ask, told, recorder } = await recorded({
      commands: commandSet({ cas: script }),
      answer: ([name, , , key]) =>
        name !== 'EVAL' ? undefined : key === 'z' ? '-ERR broken inside\r\n' : key === 'x' ? ':1\r\n' : ':0\r\n',
    })
    for (const key of ['x', 'y']) await ask(command('EVAL', script, '1', key, 'a', 'b'), 4)
    await ask(command('EVAL', script, '1', 'z', 'a', 'b'), 20)
    await ask(command('EVAL', 'return 1', '0'), 4)
    expect(told().filter((event) => !event.includes('invoke'))).toEqual([
      '0 ok cas x=["a","b"]',
      '0 fail cas y=undefined !another value was there',
      '0 info cas z=undefined !ERR broken inside',
    ])
    expect(recorder.counters.unmatched).toBe(1)
  })

  test("run the script that the proxy's settings declare", () => {
    expect(parseCarriage({ kind: 'resp', commands: 'counter', cas: 'return 1' }, 'x')).toMatchObject({
      model: 'counter',
    })
    const { commands } = parseRespSettings({ commands: 'counter', cas: 'return 1' }, 'x')
    expect(commands.readers.has('EVAL')).toBe(true)
    expect(() => parseCarriage({ kind: 'resp', cas: 1 }, 'x')).toThrow(
      'x: "cas" is 1. Give the source of the compare-and-set script',
    )
    expect(() => parseCarriage({ kind: 'resp', scripts: 'all' }, 'x')).toThrow('x: "scripts" is "all". Give "keys"')
    expect(() => parseCarriage({ kind: 'resp', commands: 'lists' }, 'x')).toThrow(
      'Known: register, counter, set, queue',
    )
  })

  test('are recorded with binary values distinct from texts', async () => {
    const { client, told } = await recorded()
    client.socket.write(Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n\xff\r\n', 'latin1'))
    await eventually(() => told().length > 0)
    expect(told()[0]).toBe('0 invoke write x={"base64":"/w=="}')
  })
})

describe('an error reply', () => {
  const failing = async (error: string) => {
    const { ask, told } = await recorded({ answer: () => `-${error}\r\n` })
    await ask(command('SET', 'x', '1'), error.length + 3)
    await ask(command('GET', 'x'), error.length + 3)
    return told().filter((event) => !event.includes('invoke'))
  }

  test.each(['MOVED 1 10.0.0.1:6379', 'NOREPLICAS Not enough', 'READONLY You', 'WRONGTYPE x', 'ERR wrong'])(
    'is a refusal if nothing was done: %s',
    async (error) => {
      expect(await failing(error)).toEqual([`0 fail write x=undefined !${error}`, `0 fail read x=undefined !${error}`])
    },
  )

  test('otherwise leaves the outcome unknown, but a read fails', async () => {
    const error = 'upstream failure'
    expect(await failing(error)).toEqual([`0 info write x=undefined !${error}`, `1 fail read x=undefined !${error}`])
  })

  test('leaves the outcome unknown if the command never gives such a reply', async () => {
    const { ask, told } = await recorded({ answer: () => ':7\r\n' })
    await ask(command('SET', 'x', '1'), 4)
    expect(told()[1]).toBe('0 info write x=undefined !an answer of another kind than the command has')
  })
})

describe('concurrent Redis requests', () => {
  test('are processes of their own when pipelined, and get their replies however the bytes are divided', async () => {
    const { client, told, server } = await recorded()
    const text = `${command('SET', 'x', '1') + command('GET', 'x')}\r\nGET y\r\n${command('PING')}${command('SET', 'y', 'a\tb')}`
    for (const byte of Buffer.from(text)) {
      client.socket.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.until((received) => received.length === 5 + 7 + 5 + 22 + 5)
    expect(server.asked).toEqual(['SET x 1', 'GET x', 'GET y', 'PING', 'SET y a\tb'])
    expect(told().filter((event) => event.includes(' ok '))).toEqual([
      expect.stringContaining('ok write x="1"'),
      expect.stringContaining('ok read x="1"'),
      expect.stringContaining('ok read y=null'),
      expect.stringContaining('ok write y="a\\tb"'),
    ])
  })

  test('overlap if they are sent together', async () => {
    const { ask, told } = await recorded()
    await ask(command('SET', 'x', '1') + command('GET', 'x'), 12)
    expect(told()).toEqual(['0 invoke write x="1"', '1 invoke read x=null', '0 ok write x="1"', '1 ok read x="1"'])
  })
})

describe('Redis traffic that is not understood', () => {
  test('includes connections that subscribe or do not speak RESP', async () => {
    const { client, ask, connect, recorder, told } = await recorded({
      answer: ([name]) => (name === 'SUBSCRIBE' ? '>1\r\n+x\r\n*1\r\n+y\r\n' : undefined),
    })
    await ask(command('SET', 'x', '1') + command('SUBSCRIBE', 'c') + command('SET', 'x', '2'), 5 + 16 + 5)
    expect(told()).toEqual(['0 invoke write x="1"', '0 ok write x="1"'])
    expect(recorder.counters).toMatchObject({ opaqueConnections: 1, unmatchedAnswers: 0 })
    const other = await connect()
    other.socket.write(`${command('GET', 'x')}*1\r\nx\r\n`)
    await other.until((received) => received.length >= 7)
    expect(recorder.counters).toMatchObject({ opaqueConnections: 2, open: 0, waiting: 0 })
    client.socket.end()
  })

  test('includes a transaction that does not start, whose commands are executed at once', async () => {
    const { ask, marks } = await recorded({ answer: ([name]) => (name === 'MULTI' ? '-ERR no\r\n' : undefined) })
    await ask(command('MULTI'), 9)
    await ask(command('SET', 'x', '1'), 5)
    expect(marks()).toEqual([])
    await ask(command('MULTI') + command('SET', 'x', '1'), 14)
    expect(marks()).toEqual(['touched *: MULTI'])
  })

  test('includes a command with several replies, such as UNSUBSCRIBE', async () => {
    const { ask, told, recorder, marks } = await recorded({
      answer: ([name]) => (name === 'UNSUBSCRIBE' ? ':0\r\n:0\r\n' : undefined),
    })
    await ask(command('UNSUBSCRIBE', 'a', 'b'), 8)
    await ask(command('GET', 'x'), 5)
    expect([told(), recorder.counters.opaqueConnections]).toEqual([[], 1])
    expect(marks()).toEqual([])
    await ask(command('SET', 'x', '1'), 5)
    expect(marks()).toEqual(['touched x: SET'])
  })

  test('includes a reply without a request', async () => {
    const { client, recorder } = await recorded({ answer: () => '+OK\r\n+OK\r\n>1\r\n+push\r\n' })
    client.socket.write('PING\r\n')
    await client.until((received) => received.length === 21)
    expect(recorder.counters.unmatchedAnswers).toBe(1)
  })

  test('includes a command that is too large, whose reply goes to no other', async () => {
    const { ask, told, recorder, marks } = await recorded({ maxMessageBytes: 100 })
    await ask(command('SET', 'x', 'v'.repeat(200)) + command('SET', 'y', '1'), 10)
    expect(told()).toEqual(['0 invoke write y="1"', '0 ok write y="1"'])
    expect(recorder.counters.unmatched).toBe(1)
    expect(marks()).toEqual(['touched *: a request that cannot be read'])
  })

  test('does not include other databases, whose keys are separate, or a failed SELECT', async () => {
    const { ask, told, recorder, marks } = await recorded()
    await ask(command('SELECT', '1') + command('SET', 'x', '1'), 10)
    expect(told()).toContain('0 ok write 1/x="1"')
    await ask(command('SELECT', '99'), 31)
    await ask(command('SET', 'x', '2'), 5)
    expect(told().at(-1)).toContain('ok write 1/x="2"')
    expect(marks()).toEqual([])
    await ask(command('SELECT', '99') + command('SET', 'x', '3'), 36)
    expect(marks()).toEqual(['touched *: SELECT'])
    expect(recorder.counters.opaqueConnections).toBe(0)
  })
})

describe('an unanswered Redis request', () => {
  test('fails if it never left, and otherwise has an unknown outcome', async () => {
    const { network, client, told, recorder, route } = await recorded({ answer: () => '' })
    client.socket.write(command('SET', 'x', '1') + command('GET', 'x'))
    await eventually(() => told('backend').length === 2)
    network.apply(drop(links.to))
    client.socket.write(command('SET', 'x', '2'))
    await eventually(() => told().length === 3)
    client.socket.resetAndDestroy()
    await route.close()
    expect(told().slice(3)).toEqual([
      '0 info write x=undefined !the connection ended',
      '1 fail read x=undefined !the connection ended',
      '2 fail write x=undefined !never forwarded: the connection ended',
    ])
    expect(told('backend').filter((event) => event.includes('"2"'))).toEqual([])
    expect(recorder.counters).toMatchObject({ open: 0, waiting: 0 })
  })

  test('has an unknown outcome only for the client if just the reply was lost', async () => {
    const { network, client, told, route } = await recorded()
    network.apply(drop(links.back))
    client.socket.write(command('SET', 'x', '1'))
    await eventually(() => told('backend').length === 2)
    client.socket.resetAndDestroy()
    await route.close()
    expect(told('backend')[1]).toBe('0 ok write x="1"')
    expect(told()[1]).toBe('0 info write x=undefined !the connection ended')
  })

  test('is no operation if it is incomplete', async () => {
    const { client, told, recorder, route } = await recorded()
    client.socket.write('*3\r\n$3\r\nSET\r\n')
    await eventually(() => recorder.counters.waiting === 2)
    await route.close()
    expect([told(), recorder.counters.incomplete, recorder.counters.waiting]).toEqual([[], 1, 0])
  })
})

describe('a message fault behind the recorder', () => {
  test('records a lost request as unanswered and a lost reply as answered by the server', async () => {
    const { client, told, messages, server, route } = await recorded({ messages: true })
    const lost = messages.apply({ kind: 'drop-message', links: links.to, match: { key: 'lost' } })
    client.socket.write(command('SET', 'lost', '1'))
    await eventually(() => lost.hits === 1)
    await route.close()
    expect(server.asked).toEqual([])
    expect(told()).toEqual([
      '0 invoke write lost="1"',
      '0 fail write lost=undefined !never forwarded: the connection ended',
    ])
  })

  test('does not record a request as unsent that was sent', async () => {
    const { client, told, messages, server, route } = await recorded({ messages: true })
    messages.apply({ kind: 'reorder-message', links: links.to, when: { every: 3 }, behind: 2, withinMs: 1 as never })
    messages.apply({ kind: 'drop-message', links: links.to, when: { every: 5 } })
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
    for (const key of keys) client.socket.write(command('SET', key, '1'))
    await eventually(() => server.asked.length === 32)
    await route.close()
    const failed = told().filter((event) => event.includes('never forwarded'))
    for (const key of server.store.keys()) expect(failed.filter((event) => event.includes(`${key}=`))).toEqual([])
    expect(told().length).toBe(80)
  })
})

test('a client that keeps sending to a silent server is paused until the server replies', async () => {
  const REQUESTS = 25_000
  const asked = command('GET', 'x')
  const there: Received[] = []
  const server = await serve((socket) => there.push(new Received(socket)))
  const recorder = createRecorder({ now: startRunClock(), client: { write: () => undefined } })
  const intercept = recordConversations(recordResp({ recorder, node: 'n1' }), recorder)
  const route = await network().route({ from: 'clients', to: 'n1', upstream: server, intercept })
  const client = new Received(await dial(route))
  client.socket.end(asked.repeat(REQUESTS))
  await eventually(() => there.length === 1)
  const [received] = there as [Received]
  await received.until(() => received.length > 0)
  await settled(() => received.length)
  expect(recorder.counters.open).toBeLessThan(15_000)

  for (let answered = 0; answered < REQUESTS; ) {
    const here = Math.floor(received.length / asked.length)
    received.socket.write('$-1\r\n'.repeat(here - answered))
    answered = here
    await received.until(() => answered === REQUESTS || received.length >= (answered + 1) * asked.length)
  }
  received.socket.end()
  await client.until(() => client.ended)
  expect(client.length).toBe(REQUESTS * '$-1\r\n'.length)
  expect(recorder.counters).toMatchObject({ operations: REQUESTS, ok: REQUESTS, open: 0, unmatchedAnswers: 0 })
})

test('clients wait while the disk stalls, and the record is complete', async () => {
  const REQUESTS = 6_000
  const AT_A_TIME = 200
  const LIMIT_BYTES = 100_000
  const held: (() => void)[] = []
  const directory = mkdtempSync(join(tmpdir(), 'chaos-slow-'))
  cleanUp(() => rmSync(directory, { recursive: true }))
  const file = openRecordFile(join(directory, 'history.jsonl'), {
    maximumBehindBytes: LIMIT_BYTES,
    disk: (_, __, done) => void held.push(() => done(null)),
  })
  const server = await serveResp()
  const recorder = createRecorder({ now: startRunClock(), client: file })
  const intercept = recordConversations(recordResp({ recorder, node: 'n1' }), recorder, [file])
  const route = await network().route({ from: 'clients', to: 'n1', upstream: server, intercept })
  const client = new Received(await dial(route))
  // A disk that does nothing before too much waits for it.
  const disk = setInterval(() => {
    if (file.congested || client.ended) for (const write of held.splice(0)) write()
  }, 1)
  cleanUp(() => clearInterval(disk))
  for (let sent = 0; sent < REQUESTS; sent += AT_A_TIME) {
    client.socket.write(command('SET', 'x', '1').repeat(AT_A_TIME))
    await client.until((received) => received.length >= (sent + AT_A_TIME) * '+OK\r\n'.length)
  }
  client.socket.end()
  await client.until(() => client.ended)
  await file.close()
  const { congestions, mostBehindBytes, writtenLines, writtenBytes } = file.statistics
  expect([writtenLines, congestions > 0]).toEqual([2 * REQUESTS, true])
  expect(mostBehindBytes).toBeLessThan(LIMIT_BYTES + (2 * AT_A_TIME * writtenBytes) / REQUESTS)
})
