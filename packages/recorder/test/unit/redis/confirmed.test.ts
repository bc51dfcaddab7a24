import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { commandSet } from '../../../src/redis/command-set.ts'
import { DRAIN, RELEASE } from '../../../src/redis/scripts.ts'
import { recorded } from '../../redis/recorded.ts'
import { command } from '../../redis/redis-in-memory.ts'

const SET = command('SET', 'x', '1')
const WAIT = command('WAIT', '2', '100')

/** Records commands on a server that sends this reply to WAIT. */
const waiting = (replicas: string, isConfirmedByWait = true) =>
  recorded({
    answer: ([name]) => (name === 'WAIT' ? replicas : undefined),
    commands: commandSet({ isConfirmedByWait }),
  })

describe('a Redis write followed by WAIT', () => {
  test('a Redis write followed by WAIT is acknowledged if enough replicas have it', () => {
    const { ask, told } = waiting(':2\r\n')
    ask(SET + WAIT)
    expect(told()).toEqual(['0 invoke write x="1"', '0 ok write x="1"'])
  })

  test('a Redis write followed by WAIT has an unknown outcome if too few replicas have it', () => {
    const { ask, told } = waiting(':1\r\n')
    ask(SET + WAIT)
    expect(told().at(-1)).toMatch(/^0 info write .*!WAIT 2: 1 replicas have it$/)
    expect(told('backend')).toEqual(told('backend').filter((line) => !line.includes(' ok ')))
  })

  test('a Redis write has an unknown outcome if the connection ends before the reply to its WAIT', () => {
    const { client, told } = recorded({
      answer: ([name]) => (name === 'WAIT' ? '' : undefined),
      commands: commandSet({ isConfirmedByWait: true }),
    })
    client.send(SET + WAIT)
    client.reset()
    expect(told().at(-1)).toMatch(/^0 info write/)
  })

  test('a Redis write is acknowledged without enough replicas if the setting isConfirmedByWait is off', () => {
    const { ask, told } = waiting(':0\r\n', false)
    ask(SET + WAIT)
    expect(told().at(-1)).toBe('0 ok write x="1"')
  })

  test('a WAIT does not change the outcome of a read before it', () => {
    const { ask, told } = waiting(':0\r\n')
    ask(command('GET', 'x') + WAIT)
    expect(told().at(-1)).toBe('0 ok read x=null')
  })

  test('a Redis write that the server refuses fails, even if a WAIT follows', () => {
    const { ask, told } = recorded({
      answer: ([name]) => (name === 'WAIT' ? ':0\r\n' : '-NOREPLICAS Not enough good replicas to write.\r\n'),
      commands: commandSet({ isConfirmedByWait: true }),
    })
    ask(SET + WAIT)
    expect(told().at(-1)).toMatch(/^0 fail write/)
  })
})

test('a lock is acquired with its token, refused while it is held, and released by the script in the manual', () => {
  const answers = ['+OK\r\n', '$-1\r\n', ':1\r\n', ':0\r\n']
  const { ask, told } = recorded({ answer: () => answers.shift(), commands: commandSet({ model: 'lock' }) })
  ask(command('SET', 'l', 't1', 'NX', 'PX', '1000'))
  ask(command('SET', 'l', 't2', 'NX', 'PX', '1000'))
  ask(command('EVAL', RELEASE, '1', 'l', 't1'))
  ask(command('EVAL', RELEASE, '1', 'l', 't1'))
  expect(told().filter((line) => !line.includes('invoke'))).toEqual([
    '0 ok acquire l="t1"',
    expect.stringMatching(/^0 fail acquire .*!it is held$/),
    '0 ok release l="t1"',
    expect.stringMatching(/^0 fail release .*!it is not held with this token$/),
  ])
})

const DOCUMENTED = `
  -- Releases the lock.
  if redis.call("get",KEYS[1]) == ARGV[1]
  then
      return redis.call("del",KEYS[1])
  else
      return 0
  end`

describe('a Lua script that releases a lock', () => {
  const asLock = (...commands: readonly string[]) => {
    const { ask, told } = recorded({ answer: () => ':1\r\n', commands: commandSet({ model: 'lock' }) })
    for (const each of commands) ask(each)
    return told().filter((line) => !line.includes('invoke'))
  }

  test.each([
    ['on several lines with a comment', DOCUMENTED],
    ['in single quotes, commands in upper case', RELEASE.replace('"get"', "'GET'").replace('"del"', "'DEL'")],
    ['with semicolons', RELEASE.replace('ARGV[1]', 'ARGV [ 1 ]').replace('return 0', 'return 0;').concat(';\n')],
    ['with a long comment', RELEASE.replace('then', '--[==[ it is ]] ours ]==] then')],
  ])('a lock-release script is recognised in another layout: %s', (_, script) => {
    expect(asLock(command('EVAL', script, '1', 'l', 't1'))).toEqual(['0 ok release l="t1"'])
  })

  test.each([
    ['that compares the other way', RELEASE.replace('==', '~=')],
    ['that deletes another key', RELEASE.replace('"del",KEYS[1]', '"del",KEYS[2]')],
    ['that answers something else', RELEASE.replace('return 0', 'return 1')],
    ['that runs two names together', RELEASE.replace('then return', 'thenreturn')],
    ['that ends in a comment', RELEASE.replace('return 0', '--return 0')],
    ['that does more', `${RELEASE} redis.call('del', 'x')`],
    ['that is no Lua', `${RELEASE} "`],
  ])('a lock-release script %s is not recognised', (_, script) => {
    expect(asLock(command('EVAL', script, '1', 'l', 't1')).join()).not.toContain('release')
  })

  test('a lock-release script is recognised by its SHA-1 once a client has sent the script', () => {
    const sha = createHash('sha1').update(DOCUMENTED).digest('hex')
    const called = command('EVALSHA', sha, '1', 'l', 't1')
    expect(asLock(called).join()).not.toContain('release')
    expect(asLock(command('SCRIPT', 'LOAD', DOCUMENTED), called).at(-1)).toBe('0 ok release l="t1"')
    expect(asLock(command('EVAL', DOCUMENTED, '1', 'l', 't1'), called)).toEqual([
      '0 ok release l="t1"',
      '0 ok release l="t1"',
    ])
  })
})

test('the drain script in the manual is recorded as a drain of a queue', () => {
  const answers = [':1\r\n', '*1\r\n$1\r\n1\r\n']
  const { ask, told } = recorded({ answer: () => answers.shift(), commands: commandSet({ model: 'queue' }) })
  ask(command('LPUSH', 'q', '1'))
  ask(command('EVAL', DRAIN, '1', 'q'))
  expect(told().at(-1)).toBe('0 ok drain q=["1"]')
})

test('a CLIENT SETNAME by a client of chaos itself is not counted as a forwarded request', () => {
  const { ask, recorder } = recorded({ answer: ([name]) => (name === 'CLIENT' ? '+OK\r\n' : undefined) })
  for (const name of ['process-0', 'process-1:final']) ask(command('CLIENT', 'SETNAME', name) + command('GET', 'x'))
  expect(recorder.counters.unmatched).toBe(0)
  ask(command('CLIENT', 'SETNAME', 'a') + command('GET', 'x'))
  expect(recorder.counters.unmatched).toBe(1)
})

test('a read by a client whose name ends in ":final" is a final read', () => {
  const { ask, views } = recorded({ answer: ([name]) => (name === 'CLIENT' ? '+OK\r\n' : undefined) })
  ask(command('CLIENT', 'SETNAME', 'a:final') + command('GET', 'x'))
  expect(views.client.find(({ type }) => type === 'invoke')).toMatchObject({ session: 'a', final: true })
})
