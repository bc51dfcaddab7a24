import type { Event } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { command } from '../redis.ts'
import { eventually } from '../sockets.ts'
import { recorded } from './recorded.ts'

const OK = '+OK\r\n'
const QUEUED = '+QUEUED\r\n'
const ended = (events: readonly string[]) => events.filter((event) => !event.includes('invoke'))

describe('a transaction', () => {
  /** Everything in it is queued, and this is what EXEC answers. */
  const transacting = (executed: string) => ({
    answer: ([name = '']: readonly string[]) =>
      name === 'MULTI' || name === 'DISCARD' ? OK : name === 'EXEC' ? executed : name === 'PING' ? undefined : QUEUED,
  })
  const sent = (...commands: readonly (readonly string[])[]) =>
    [['MULTI'], ...commands, ['EXEC']].map((words) => command(...words)).join('')

  test('is recorded as its operations, at the time of its EXEC', async () => {
    const { ask, told, marks, recorder } = await recorded(transacting('*3\r\n+OK\r\n$1\r\n7\r\n:3\r\n'))
    await ask(command('MULTI') + command('SET', 'x', '1') + command('GET', 'y') + command('INCR', 'n'), 5 + 3 * 9)
    expect(told()).toEqual([])
    await ask(command('EXEC'), 20)
    expect(ended(told())).toEqual(['0 ok write x="1"', '1 ok read y="7"', '2 ok cas n=["2","3"]'])
    expect(marks()).toEqual([])
    expect(recorder.counters).toMatchObject({ operations: 3, open: 0, unmatched: 4 })
  })

  test('has no effect if a watched key changed or it was refused', async () => {
    const watched = await recorded(transacting('*-1\r\n'))
    await watched.ask(sent(['SET', 'x', '1']), 5 + 9 + 5)
    expect(ended(watched.told())).toEqual(['0 fail write x=undefined !a key that was watched has changed'])
    const refused = await recorded(transacting('-EXECABORT no\r\n'))
    await refused.ask(sent(['SET', 'x', '1']), 5 + 9 + 15)
    expect(ended(refused.told())).toEqual(['0 fail write x=undefined !EXECABORT no'])
  })

  test('records nothing if it is discarded', async () => {
    const { ask, told, marks } = await recorded(transacting(''))
    await ask(command('MULTI') + command('SET', 'x', '1') + command('DISCARD'), 5 + 9 + 5)
    expect([told(), marks()]).toEqual([[], []])
  })

  test('marks the keys of commands that are no operations when it is executed', async () => {
    const { ask, told, marks } = await recorded(transacting('*2\r\n:1\r\n+OK\r\n'))
    await ask(command('MULTI') + command('LPUSH', 'l', 'a'), 5 + 9)
    expect(marks()).toEqual([])
    await ask(command('SET', 'x', '1') + command('EXEC'), 9 + 13)
    expect(marks()).toEqual(['touched l: EXEC'])
    expect(ended(told())).toEqual(['0 ok write x="1"'])
  })

  test('is not understood if its replies do not fit its commands', async () => {
    const { ask, told } = await recorded(transacting('*1\r\n+OK\r\n'))
    await ask(sent(['SET', 'x', '1'], ['SET', 'y', '1']), 5 + 18 + 9)
    expect(ended(told())).toEqual([
      '0 info write x=undefined !an answer that cannot be read',
      '1 info write y=undefined !an answer that cannot be read',
    ])
  })

  test('may switch the database of its connection', async () => {
    const { ask, told } = await recorded({
      answer: ([name]) => (name === 'MULTI' ? OK : name === 'EXEC' ? '*2\r\n+OK\r\n+OK\r\n' : QUEUED),
    })
    await ask(sent(['SELECT', '3'], ['SET', 'x', '1']), 5 + 18 + 14)
    expect(ended(told())).toEqual(['0 ok write 3/x="1"'])
    await ask(command('GET', 'x'), 9)
    expect(told().at(-1)).toContain('read 3/x')
  })
})

describe('a client', () => {
  const sessionsOf = (events: readonly Event[]) =>
    events.filter(({ type }) => type === 'invoke').map((event) => (event as { session?: string }).session)
  const greeting = {
    answer: ([name = '']: readonly string[]) =>
      ['CLIENT', 'AUTH'].includes(name)
        ? OK
        : name === 'HELLO'
          ? '*0\r\n'
          : name === 'RESET'
            ? '+RESET\r\n'
            : undefined,
  }

  test('is identified by CLIENT SETNAME from the next command on, across connections', async () => {
    const { ask, views, connect, recorder } = await recorded(greeting)
    await ask(command('GET', 'x'), 5)
    await ask(command('CLIENT', 'SETNAME', 'alice') + command('GET', 'x'), 10)
    await ask(command('GET', 'x'), 5)
    const other = await connect()
    other.socket.write(command('CLIENT', 'SETNAME', 'alice'))
    await other.until((received) => received.length === 5)
    other.socket.write(command('GET', 'x'))
    await other.until((received) => received.length === 10)
    expect(sessionsOf(views.client)).toEqual([undefined, 'alice', 'alice', 'alice'])
    expect(recorder.sessions).toMatchObject({ named: true })
  })

  test('is identified by its user, unless that is the default one', async () => {
    const { ask, views } = await recorded(greeting)
    await ask(command('AUTH', 'secret'), 5)
    await ask(command('GET', 'x'), 5)
    await ask(command('AUTH', 'bob', 'secret'), 5)
    await ask(command('GET', 'x'), 5)
    await ask(command('HELLO', '3', 'AUTH', 'default', 'secret', 'SETNAME', 'carol'), 4)
    await ask(command('GET', 'x'), 5)
    await ask(command('RESET'), 8)
    await ask(command('GET', 'x'), 5)
    expect(sessionsOf(views.client)).toEqual([undefined, 'user bob', 'carol', undefined])
  })

  test('is not identified by a refused name', async () => {
    const { ask, views } = await recorded({ answer: ([name]) => (name === 'AUTH' ? '-WRONGPASS no\r\n' : undefined) })
    await ask(command('AUTH', 'bob', 'wrong'), 15)
    await ask(command('GET', 'x'), 5)
    expect(sessionsOf(views.client)).toEqual([undefined])
  })
})

describe('a connection whose replies do not follow requests', () => {
  test('continues in RESP3, where subscriptions are pushed', async () => {
    const { ask, told, recorder } = await recorded({
      answer: ([name]) =>
        name === 'HELLO'
          ? '%1\r\n+proto\r\n:3\r\n'
          : name === 'SUBSCRIBE'
            ? '>3\r\n+subscribe\r\n+a\r\n:1\r\n>3\r\n+message\r\n+a\r\n+hi\r\n>3\r\n+subscribe\r\n+b\r\n:2\r\n'
            : undefined,
    })
    await ask(command('HELLO', '3'), 16)
    await ask(command('SUBSCRIBE', 'a', 'b') + command('SET', 'x', '1'), 66 + 9)
    expect(ended(told())).toEqual(['0 ok write x="1"'])
    expect(recorder.counters).toMatchObject({ opaqueConnections: 0, unmatchedAnswers: 0 })
  })

  test('is read for its writes if it has turned replies off', async () => {
    const { client, told, marks, server } = await recorded({ answer: () => '' })
    client.socket.write(command('CLIENT', 'REPLY', 'OFF') + command('SET', 'x', '1') + command('GET', 'x'))
    client.socket.write(command('SELECT', '2') + command('SET', 'x', '2'))
    await eventually(() => server.asked.length === 5)
    expect(told()).toEqual([])
    expect(marks()).toEqual(['touched x: SET', 'touched *: SET'])
  })

  test('marks what a subscription within a transaction may still do', async () => {
    const { client, marks, server } = await recorded({ answer: ([name]) => (name === 'MULTI' ? OK : QUEUED) })
    client.socket.write(command('MULTI') + command('SET', 'x', '1') + command('SUBSCRIBE', 'c'))
    await eventually(() => server.asked.length === 3)
    expect(marks()).toEqual(['touched x: SUBSCRIBE'])
  })
})

describe('a command marks', () => {
  test.each([
    ['nothing if it sets a time to live', ['SET', 'x', '1', 'EX', '10'], []],
    ['a key that it changes without an operation', ['LPUSH', 'x', '1'], ['touched x: LPUSH']],
    ['all keys if it is a script', ['EVAL', 'return 1', '1', 'x'], ['touched *: EVAL']],
    ['nothing if it only reads', ['KEYS', '*'], []],
  ])('%s', async (_, words, marked) => {
    const { ask, marks } = await recorded({ answer: () => OK })
    await ask(command(...words), 5)
    expect([marks(), marks('backend')]).toEqual([marked, marked])
  })
})
