import { describe, expect, test } from 'vitest'
import { commandSet } from '../../../src/redis/command-set.ts'
import { recorded } from '../../redis/recorded.ts'
import { command } from '../../redis/redis-in-memory.ts'

describe('the Redis recorder', () => {
  test('commands on strings are recorded as operations on registers, with outcomes from their replies', () => {
    const { ask, told, recorder } = recorded()
    ask(command('SET', 'x', '1'))
    ask(command('get', 'x'))
    ask('GET y\r\n')
    ask(command('SETNX', 'x', '2'))
    ask(command('SET', 'y', '2', 'nx'))
    ask(command('APPEND', 'x', 'ü'))
    ask(command('DEL', 'x'))
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

  test('commands on numbers are recorded as operations on counters', () => {
    const { ask, told } = recorded({ commands: commandSet({ model: 'counter' }) })
    ask(command('INCR', 'n'))
    ask(command('GET', 'n'))
    expect(told()).toEqual(['0 invoke add n=1', '0 ok add n=1', '0 invoke read n=null', '0 ok read n=1'])
  })

  test('a Redis script that is declared as compare-and-set is recorded as a cas', () => {
    const script =
      "if redis.call('get',KEYS[1])==ARGV[1] then redis.call('set',KEYS[1],ARGV[2]) return 1 else return 0 end"
    const { ask, told, recorder } = recorded({
      commands: commandSet({ cas: script }),
      answer: ([name, , , key]) =>
        name !== 'EVAL' ? undefined : key === 'z' ? '-ERR broken inside\r\n' : key === 'x' ? ':1\r\n' : ':0\r\n',
    })
    for (const key of ['x', 'y']) ask(command('EVAL', script, '1', key, 'a', 'b'))
    ask(command('EVAL', script, '1', 'z', 'a', 'b'))
    ask(command('EVAL', 'return 1', '0'))
    expect(told().filter((event) => !event.includes('invoke'))).toEqual([
      '0 ok cas x=["a","b"]',
      '0 fail cas y=undefined !another value was there',
      '0 info cas z=undefined !ERR broken inside',
    ])
    expect(recorder.counters.unmatched).toBe(1)
  })

  test('a binary value of Redis is recorded as base64', () => {
    const { client, told } = recorded()
    client.send(Buffer.from('*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1\r\n\xff\r\n', 'latin1'))
    expect(told()[0]).toBe('0 invoke write x={"base64":"/w=="}')
  })
})

describe('an error reply of Redis', () => {
  const failing = (error: string) => {
    const { ask, told } = recorded({ answer: () => `-${error}\r\n` })
    ask(command('SET', 'x', '1'))
    ask(command('GET', 'x'))
    return told().filter((event) => !event.includes('invoke'))
  }

  test.each(['MOVED 1 10.0.0.1:6379', 'NOREPLICAS Not enough', 'READONLY You', 'WRONGTYPE x', 'ERR wrong'])(
    'an error reply makes the operation fail if the server has changed nothing: %s',
    (error) => {
      expect(failing(error)).toEqual([`0 fail write x=undefined !${error}`, `0 fail read x=undefined !${error}`])
    },
  )

  test('an unknown Redis error leaves the outcome of a write unknown, and makes a read fail', () => {
    const error = 'upstream failure'
    expect(failing(error)).toEqual([`0 info write x=undefined !${error}`, `1 fail read x=undefined !${error}`])
  })

  test('a SET has an unknown outcome if its reply has the wrong type', () => {
    const { ask, told } = recorded({ answer: () => ':7\r\n' })
    ask(command('SET', 'x', '1'))
    expect(told()[1]).toBe('0 info write x=undefined !an answer of a kind that the command does not return')
  })
})

describe('concurrent Redis requests', () => {
  test('pipelined Redis requests get their own replies in any division of the bytes', () => {
    const { client, told, server } = recorded()
    const text = `${command('SET', 'x', '1') + command('GET', 'x')}\r\nGET y\r\n${command('PING')}${command('SET', 'y', 'a\tb')}`
    for (const byte of Buffer.from(text)) client.send(Buffer.of(byte))
    expect(server.asked).toEqual(['SET x 1', 'GET x', 'GET y', 'PING', 'SET y a\tb'])
    expect(told().filter((event) => event.includes(' ok '))).toEqual([
      expect.stringContaining('ok write x="1"'),
      expect.stringContaining('ok read x="1"'),
      expect.stringContaining('ok read y=null'),
      expect.stringContaining('ok write y="a\\tb"'),
    ])
  })

  test('Redis requests that are sent together are recorded as concurrent', () => {
    const { ask, told } = recorded()
    ask(command('SET', 'x', '1') + command('GET', 'x'))
    expect(told()).toEqual(['0 invoke write x="1"', '1 invoke read x=null', '0 ok write x="1"', '1 ok read x="1"'])
  })
})

describe('Redis traffic that is not understood', () => {
  test('a Redis connection is no longer recorded after a SUBSCRIBE, or after a message that is not RESP', () => {
    const { client, ask, connect, recorder, told } = recorded({
      answer: ([name]) => (name === 'SUBSCRIBE' ? '>1\r\n+x\r\n*1\r\n+y\r\n' : undefined),
    })
    ask(command('SET', 'x', '1') + command('SUBSCRIBE', 'c') + command('SET', 'x', '2'))
    expect(told()).toEqual(['0 invoke write x="1"', '0 ok write x="1"'])
    expect(recorder.counters).toMatchObject({ opaqueConnections: 1, unmatchedAnswers: 0 })
    const other = connect()
    other.send(`${command('GET', 'x')}*1\r\nx\r\n`)
    expect(recorder.counters).toMatchObject({ opaqueConnections: 2, open: 0, waiting: 0 })
    client.reset()
  })

  test('the Redis recorder marks every key as possibly changed if a SET is pipelined behind a refused MULTI', () => {
    const { ask, marks } = recorded({ answer: ([name]) => (name === 'MULTI' ? '-ERR no\r\n' : undefined) })
    ask(command('MULTI'))
    ask(command('SET', 'x', '1'))
    expect(marks()).toEqual([])
    ask(command('MULTI') + command('SET', 'x', '1'))
    expect(marks()).toEqual(['touched *: MULTI'])
  })

  test('a Redis connection is no longer recorded after a command with several replies, such as UNSUBSCRIBE', () => {
    const { ask, told, recorder, marks } = recorded({
      answer: ([name]) => (name === 'UNSUBSCRIBE' ? ':0\r\n:0\r\n' : undefined),
    })
    ask(command('UNSUBSCRIBE', 'a', 'b'))
    ask(command('GET', 'x'))
    expect([told(), recorder.counters.opaqueConnections]).toEqual([[], 1])
    expect(marks()).toEqual([])
    ask(command('SET', 'x', '1'))
    expect(marks()).toEqual(['touched x: SET'])
  })

  test('a Redis reply without a request is counted as unmatched', () => {
    const { client, recorder } = recorded({ answer: () => '+OK\r\n+OK\r\n>1\r\n+push\r\n' })
    client.send('PING\r\n')
    expect(recorder.counters.unmatchedAnswers).toBe(1)
  })

  test('a Redis command beyond the size limit marks every key as possibly changed, and the next command is recorded', () => {
    const { ask, told, recorder, marks } = recorded({ maxMessageBytes: 100 })
    ask(command('SET', 'x', 'v'.repeat(200)) + command('SET', 'y', '1'))
    expect(told()).toEqual(['0 invoke write y="1"', '0 ok write y="1"'])
    expect(recorder.counters.unmatched).toBe(1)
    expect(marks()).toEqual(['touched *: a request that cannot be read'])
  })

  test('a SET sent before the error reply to a SELECT marks every key as possibly changed, and a later SET is recorded', () => {
    const { ask, told, recorder, marks } = recorded()
    ask(command('SELECT', '1') + command('SET', 'x', '1'))
    expect(told()).toContain('0 ok write 1/x="1"')
    ask(command('SELECT', '99'))
    ask(command('SET', 'x', '2'))
    expect(told().at(-1)).toContain('ok write 1/x="2"')
    expect(marks()).toEqual([])
    ask(command('SELECT', '99') + command('SET', 'x', '3'))
    expect(marks()).toEqual(['touched *: SELECT'])
    expect(recorder.counters.opaqueConnections).toBe(0)
  })
})

describe('an unanswered Redis request', () => {
  test('an unanswered Redis request fails if it is a read or was never forwarded, and is unknown if it is a forwarded write', () => {
    const { link, client, told, recorder } = recorded({ answer: () => '' })
    client.send(command('SET', 'x', '1') + command('GET', 'x'))
    link.to = false
    client.send(command('SET', 'x', '2'))
    client.reset()
    expect(told().slice(3)).toEqual([
      '0 info write x=undefined !the connection ended',
      '1 fail read x=undefined !the connection ended',
      '2 fail write x=undefined !never forwarded: the connection ended',
    ])
    expect(told('backend').filter((event) => event.includes('"2"'))).toEqual([])
    expect(recorder.counters).toMatchObject({ open: 0, waiting: 0 })
  })

  test('a Redis request whose reply is lost is ok in the backend view, and unknown in the client view', () => {
    const { link, client, told } = recorded()
    link.back = false
    client.send(command('SET', 'x', '1'))
    client.reset()
    expect(told('backend')[1]).toBe('0 ok write x="1"')
    expect(told()[1]).toBe('0 info write x=undefined !the connection ended')
  })

  test('an incomplete Redis request is not recorded as an operation', () => {
    const { client, told, recorder } = recorded()
    client.send('*3\r\n$3\r\nSET\r\n')
    client.reset()
    expect([told(), recorder.counters.incomplete, recorder.counters.waiting]).toEqual([[], 1, 0])
  })
})
