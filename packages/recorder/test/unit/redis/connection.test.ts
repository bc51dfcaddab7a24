import type { Event } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { recorded } from '../../redis/recorded.ts'
import { command } from '../../redis/redis-in-memory.ts'

const OK = '+OK\r\n'
const QUEUED = '+QUEUED\r\n'
const ended = (events: readonly string[]) => events.filter((event) => !event.includes('invoke'))

describe('a Redis transaction', () => {
  /** A server that queues all commands of a transaction, and replies to EXEC with `executed`. */
  const transacting = (executed: string) => ({
    answer: ([name = '']: readonly string[]) =>
      name === 'MULTI' || name === 'DISCARD' ? OK : name === 'EXEC' ? executed : name === 'PING' ? undefined : QUEUED,
  })
  const sent = (...commands: readonly (readonly string[])[]) =>
    [['MULTI'], ...commands, ['EXEC']].map((words) => command(...words)).join('')

  test('a Redis transaction is recorded as separate operations at the time of its EXEC', () => {
    const { ask, told, marks, recorder } = recorded(transacting('*3\r\n+OK\r\n$1\r\n7\r\n:3\r\n'))
    ask(command('MULTI') + command('SET', 'x', '1') + command('GET', 'y') + command('INCR', 'n'))
    expect(told()).toEqual([])
    ask(command('EXEC'))
    expect(ended(told())).toEqual(['0 ok write x="1"', '1 ok read y="7"', '2 ok cas n=["2","3"]'])
    expect(marks()).toEqual([])
    expect(recorder.counters).toMatchObject({ operations: 3, open: 0, unmatched: 4 })
  })

  test('a Redis transaction has no effect if a watched key changed or its EXEC was refused', () => {
    const watched = recorded(transacting('*-1\r\n'))
    watched.ask(sent(['SET', 'x', '1']))
    expect(ended(watched.told())).toEqual(['0 fail write x=undefined !a key that was watched has changed'])
    const refused = recorded(transacting('-EXECABORT no\r\n'))
    refused.ask(sent(['SET', 'x', '1']))
    expect(ended(refused.told())).toEqual(['0 fail write x=undefined !EXECABORT no'])
  })

  test('a Redis transaction is not recorded if it ends with DISCARD', () => {
    const { ask, told, marks } = recorded(transacting(''))
    ask(command('MULTI') + command('SET', 'x', '1') + command('DISCARD'))
    expect([told(), marks()]).toEqual([[], []])
  })

  test('keys that a transaction changes by an unsupported command are recorded as possibly changed at EXEC', () => {
    const { ask, told, marks } = recorded(transacting('*2\r\n:1\r\n+OK\r\n'))
    ask(command('MULTI') + command('LPUSH', 'l', 'a'))
    expect(marks()).toEqual([])
    ask(command('SET', 'x', '1') + command('EXEC'))
    expect(marks()).toEqual(['touched l: EXEC'])
    expect(ended(told())).toEqual(['0 ok write x="1"'])
  })

  test('a Redis transaction is not understood if EXEC returns the wrong number of replies', () => {
    const { ask, told } = recorded(transacting('*1\r\n+OK\r\n'))
    ask(sent(['SET', 'x', '1'], ['SET', 'y', '1']))
    expect(ended(told())).toEqual([
      '0 info write x=undefined !an answer that cannot be read',
      '1 info write y=undefined !an answer that cannot be read',
    ])
  })

  test('a SELECT in a Redis transaction changes the database of its connection', () => {
    const { ask, told } = recorded({
      answer: ([name]) => (name === 'MULTI' ? OK : name === 'EXEC' ? '*2\r\n+OK\r\n+OK\r\n' : QUEUED),
    })
    ask(sent(['SELECT', '3'], ['SET', 'x', '1']))
    expect(ended(told())).toEqual(['0 ok write 3/x="1"'])
    ask(command('GET', 'x'))
    expect(told().at(-1)).toContain('read 3/x')
  })
})

describe('the marks of a Redis command that is no operation', () => {
  const OTHER = '0123456789abcdef0123456789abcdef01234567'
  test.each<readonly [words: readonly string[], reply: string, isWithdrawn: boolean]>([
    [['LPUSH', 'x', '1'], ':1', false],
    [['LPUSH', 'x', '1'], '-WRONGTYPE no', true],
    [['LPUSH', 'x', '1'], '-odd', false],
    [['EVAL', 's', '1', 'x'], '-WRONGTYPE no', false],
    [['EVALSHA', OTHER, '1', 'x'], '-WRONGTYPE no', false],
    [['EVALSHA', OTHER, '1', 'x'], '-NOSCRIPT no', true],
    [['FCALL', 'f', '1', 'x'], '-WRONGTYPE no', false],
    [['SETRANGE', 'x', '0', 'a'], '-NOSCRIPT no', true],
    [['SETRANGE', 'x', '0', 'a'], '*-1', false],
  ])('whether the marks of the command %j are withdrawn after the reply %s: %s', (words, reply, isWithdrawn) => {
    const { ask, marks, recorder } = recorded({ answer: () => `${reply}\r\n` })
    ask(command(...words))
    expect(marks().map((mark) => mark.split(' ')[0])).toEqual(['touched', ...(isWithdrawn ? ['withdrawn'] : [])])
    expect(recorder.counters.touched).toBe(isWithdrawn ? 0 : 1)
  })

  test.each([
    [[['LPUSH', 'l', 'a']]],
    [
      [
        ['LPUSH', 'l', 'a'],
        ['SET', 'x', '1'],
      ],
    ],
  ])('the marks of a Redis transaction are withdrawn if EXEC executes none of the commands %j', (commands) => {
    const { ask, marks } = recorded({
      answer: ([name]) => (name === 'MULTI' ? OK : name === 'EXEC' ? '*-1\r\n' : QUEUED),
    })
    ask([['MULTI'], ...commands, ['EXEC']].map((words) => command(...words)).join(''))
    expect(marks().map((mark) => mark.split(':')[0])).toEqual(['touched l', 'withdrawn *'])
  })

  test.each([
    ['+OK', ['touched *: SET']],
    ['-ERR no', []],
    ['+QUEUED', []],
  ])('a command in MULTI that is answered with %s has these marks: %j', (reply, marked) => {
    const { ask, marks } = recorded({ answer: ([name]) => (name === 'MULTI' ? OK : `${reply}\r\n`) })
    ask(command('MULTI'))
    ask(command('SET', 'x', '1'))
    expect(marks()).toEqual(marked)
  })
})

describe('a Redis client', () => {
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

  test('CLIENT SETNAME identifies a client across connections, from the next command on', () => {
    const { ask, views, connect, recorder } = recorded(greeting)
    ask(command('GET', 'x'))
    ask(command('CLIENT', 'SETNAME', 'alice') + command('GET', 'x'))
    ask(command('GET', 'x'))
    const other = connect()
    other.send(command('CLIENT', 'SETNAME', 'alice'))
    other.send(command('GET', 'x'))
    expect(sessionsOf(views.client)).toEqual([undefined, 'alice', 'alice', 'alice'])
    expect(recorder.sessions).toMatchObject({ named: true })
  })

  test('a Redis client is identified by its user name, unless the user is "default"', () => {
    const { ask, views } = recorded(greeting)
    ask(command('AUTH', 'secret'))
    ask(command('GET', 'x'))
    ask(command('AUTH', 'bob', 'secret'))
    ask(command('GET', 'x'))
    ask(command('HELLO', '3', 'AUTH', 'default', 'secret', 'SETNAME', 'carol'))
    ask(command('GET', 'x'))
    ask(command('RESET'))
    ask(command('GET', 'x'))
    expect(sessionsOf(views.client)).toEqual([undefined, 'user bob', 'carol', undefined])
  })

  test('a Redis client is identified by the user in HELLO until a RESET', () => {
    const { ask, views } = recorded(greeting)
    ask(command('HELLO', '3', 'AUTH', 'bob', 'SETNAME'))
    ask(command('GET', 'x'))
    ask(command('RESET'))
    ask(command('GET', 'x'))
    ask(command('HELLO', '3', 'AUTH', 'bob', 'secret', 'SETNAME', 'carol'))
    ask(command('GET', 'x'))
    expect(sessionsOf(views.client)).toEqual(['user bob', undefined, 'carol'])
    const refused = recorded({ answer: ([name]) => (name === 'HELLO' ? '-WRONGPASS no\r\n' : undefined) })
    refused.ask(command('HELLO', '3', 'AUTH', 'bob', 'wrong'))
    refused.ask(command('GET', 'x'))
    expect(sessionsOf(refused.views.client)).toEqual([undefined])
  })

  test("a Redis client's command counts as a retry only if it is the first change on a new connection", () => {
    const repeats = (...commands: readonly (readonly string[])[]) => {
      const { client, connect, link, views } = recorded()
      link.back = false
      client.send(command('SET', 'x', '1'))
      client.reset()
      link.back = true
      const again = connect()
      for (const words of commands) again.send(command(...words))
      return views.client
        .filter(({ type, f }) => type === 'invoke' && f === 'write')
        .map((event) => (event as { repeats?: number }).repeats)
    }
    expect(repeats(['GET', 'x'], ['SET', 'x', '1'])).toEqual([undefined, 0])
    expect(repeats(['SET', 'y', '1'], ['SET', 'x', '1'])).toEqual([undefined, undefined, undefined])
  })

  test('a Redis client is not identified by a name that the server refuses', () => {
    const { ask, views } = recorded({ answer: ([name]) => (name === 'AUTH' ? '-WRONGPASS no\r\n' : undefined) })
    ask(command('AUTH', 'bob', 'wrong'))
    ask(command('GET', 'x'))
    expect(sessionsOf(views.client)).toEqual([undefined])
  })
})

describe('a Redis connection with replies out of order', () => {
  test.each([[['a']], [['a', 'b']]])(
    'in RESP3, recording continues while the client subscribes to %j, because messages arrive as pushes',
    (channels) => {
      const subscribed = channels.map((channel, at) => `>3\r\n+subscribe\r\n+${channel}\r\n:${at + 1}\r\n`)
      const { ask, told, recorder } = recorded({
        answer: ([name]) =>
          name === 'HELLO'
            ? '%1\r\n+proto\r\n:3\r\n'
            : name === 'SUBSCRIBE'
              ? subscribed.join('>3\r\n+message\r\n+a\r\n+hi\r\n')
              : undefined,
      })
      ask(command('HELLO', '3'))
      ask(command('SUBSCRIBE', ...channels) + command('SET', 'x', '1'))
      expect(ended(told())).toEqual(['0 ok write x="1"'])
      expect(recorder.counters).toMatchObject({ opaqueConnections: 0, unmatchedAnswers: 0 })
    },
  )

  test.each<readonly [string, readonly (readonly string[])[], number]>([
    ['HELLO 3', [['HELLO', '3']], 0],
    ['no HELLO', [], 1],
    [
      'HELLO 2 after HELLO 3',
      [
        ['HELLO', '3'],
        ['HELLO', '2'],
      ],
      1,
    ],
    ['a HELLO without a version after HELLO 3', [['HELLO', '3'], ['HELLO']], 0],
    ['RESET after HELLO 3', [['HELLO', '3'], ['RESET']], 1],
    ['a refused HELLO 3', [['HELLO', '3', 'AUTH', 'bob', 'wrong']], 1],
  ])('the recording of a Redis connection ends at a SUBSCRIBE after %s', (_, before, opaqueConnections) => {
    const { ask, recorder } = recorded({
      answer: ([name, ...words]) =>
        name === 'HELLO'
          ? words.includes('wrong')
            ? '-WRONGPASS no\r\n'
            : '*0\r\n'
          : name === 'RESET'
            ? '+RESET\r\n'
            : '',
    })
    for (const words of before) ask(command(...words))
    for (const channel of ['a', 'b']) ask(command('SUBSCRIBE', channel))
    expect(recorder.counters.opaqueConnections).toBe(opaqueConnections)
  })

  test('a SELECT in a transaction whose EXEC fails does not change the database of later commands', () => {
    const { ask, told } = recorded({
      answer: ([name]) =>
        name === 'MULTI' ? OK : name === 'EXEC' ? '-EXECABORT no\r\n' : name === 'SET' ? OK : QUEUED,
    })
    for (const words of [['MULTI'], ['SELECT', '3'], ['EXEC'], ['SET', 'x', '1']]) ask(command(...words))
    expect(ended(told())).toEqual(['0 ok write x="1"'])
  })

  test.each([
    ['+OK', 1],
    ['-ERR max number of clients reached', 0],
  ])('the unsolicited reply %s counts as %i replies without a request', (reply, unmatchedAnswers) => {
    let isFirst = true
    const { ask, recorder } = recorded({
      answer: () => {
        const made = isFirst ? `${OK}${reply}\r\n` : OK
        isFirst = false
        return made
      },
    })
    ask(command('SET', 'x', '1'))
    expect(recorder.counters).toMatchObject({ unmatchedAnswers, ok: 1 })
  })

  test.each(['PSYNC', 'SYNC'])('no key is recorded as possibly changed if the reply to %s is not RESP', (name) => {
    const { ask, marks } = recorded({ answer: ([asked]) => (asked === name ? 'REDIS0011 no RESP' : undefined) })
    ask(command(name, '?', '-1'))
    expect(marks()).toEqual([])
  })

  test('keys written by a client that turned replies off are recorded as possibly changed', () => {
    const { client, told, marks, recorder } = recorded({ answer: () => '' })
    client.send(command('CLIENT', 'REPLY', 'OFF') + command('SET', 'x', '1') + command('GET', 'x'))
    client.send(command('SELECT', '2') + command('SET', 'x', '2'))
    expect(told()).toEqual([])
    expect(marks()).toEqual(['touched x: SET', 'touched *: SET'])
    expect(recorder.counters.touched).toBe(2)
  })

  test('keys of an open transaction are recorded as possibly changed if the client subscribes to a channel', () => {
    const { client, marks } = recorded({ answer: ([name]) => (name === 'MULTI' ? OK : QUEUED) })
    client.send(command('MULTI') + command('SET', 'x', '1') + command('SUBSCRIBE', 'c'))
    expect(marks()).toEqual(['touched x: SUBSCRIBE'])
  })
})

describe('the marks of a Redis command', () => {
  test.each([
    ['none if the command sets a time to live', ['SET', 'x', '1', 'EX', '10'], []],
    ['on a key that the command changes without an operation', ['LPUSH', 'x', '1'], ['touched x: LPUSH']],
    ['on all keys if the command is a script', ['EVAL', 'return 1', '1', 'x'], ['touched *: EVAL']],
    ['none if the command only reads', ['KEYS', '*'], []],
  ])('the marks of a Redis command are %s', (_, words, marked) => {
    const { ask, marks } = recorded({ answer: () => OK })
    ask(command(...words))
    expect([marks(), marks('backend')]).toEqual([marked, marked])
  })
})
