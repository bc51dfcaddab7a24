import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { commandSet } from '../../../recorder/src/redis/command-set.ts'
import { DRAIN, RELEASE } from '../../../recorder/src/redis/scripts.ts'
import { command } from '../redis.ts'
import { recorded } from './recorded.ts'

const SET = command('SET', 'x', '1')
const WAIT = command('WAIT', '2', '100')

/** A server whose WAIT answers this. */
const waiting = (replicas: string, isConfirmedByWait = true) =>
  recorded({
    answer: ([name]) => (name === 'WAIT' ? replicas : undefined),
    commands: commandSet({ isConfirmedByWait }),
  })

describe('a change followed by a WAIT', () => {
  test('is acknowledged when enough replicas have it', async () => {
    const { ask, told } = await waiting(':2\r\n')
    await ask(SET + WAIT, 9)
    expect(told()).toEqual(['0 invoke write x="1"', '0 ok write x="1"'])
  })

  test('has an unknown outcome if fewer have it', async () => {
    const { ask, told } = await waiting(':1\r\n')
    await ask(SET + WAIT, 9)
    expect(told().at(-1)).toMatch(/^0 info write .*!WAIT 2: 1 replicas have it$/)
    expect(told('backend')).toEqual(told('backend').filter((line) => !line.includes(' ok ')))
  })

  test('has an unknown outcome if the connection ends before the reply to the WAIT', async () => {
    const { client, told } = await recorded({
      answer: ([name]) => (name === 'WAIT' ? '' : undefined),
      commands: commandSet({ isConfirmedByWait: true }),
    })
    client.socket.write(SET + WAIT)
    await client.until((received) => received.length === 5)
    client.socket.destroy()
    await expect.poll(() => told().at(-1), { timeout: 10_000 }).toMatch(/^0 info write/)
  })

  test('is acknowledged at once unless the settings make WAIT confirm', async () => {
    const { ask, told } = await waiting(':0\r\n', false)
    await ask(SET + WAIT, 9)
    expect(told().at(-1)).toBe('0 ok write x="1"')
  })

  test('stays refused if it was refused', async () => {
    const { ask, told } = await recorded({
      answer: ([name]) => (name === 'WAIT' ? ':0\r\n' : '-NOREPLICAS Not enough good replicas to write.\r\n'),
      commands: commandSet({ isConfirmedByWait: true }),
    })
    await ask(SET + WAIT, 50)
    expect(told().at(-1)).toMatch(/^0 fail write/)
  })
})

test('a lock is acquired with its token, refused while held, and released by the documented script', async () => {
  const answers = ['+OK\r\n', '$-1\r\n', ':1\r\n', ':0\r\n']
  const { ask, told } = await recorded({ answer: () => answers.shift(), commands: commandSet({ model: 'lock' }) })
  await ask(command('SET', 'l', 't1', 'NX', 'PX', '1000'), 5)
  await ask(command('SET', 'l', 't2', 'NX', 'PX', '1000'), 5)
  await ask(command('EVAL', RELEASE, '1', 'l', 't1'), 4)
  await ask(command('EVAL', RELEASE, '1', 'l', 't1'), 4)
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

describe('a script that releases a lock', () => {
  const asLock = async (...commands: readonly string[]) => {
    const { ask, told } = await recorded({ answer: () => ':1\r\n', commands: commandSet({ model: 'lock' }) })
    for (const each of commands) await ask(each, 4)
    return told().filter((line) => !line.includes('invoke'))
  }

  test.each([
    ['on several lines with a comment', DOCUMENTED],
    ['in single quotes, commands in upper case', RELEASE.replace('"get"', "'GET'").replace('"del"', "'DEL'")],
    ['with semicolons', RELEASE.replace('ARGV[1]', 'ARGV [ 1 ]').replace('return 0', 'return 0;').concat(';\n')],
    ['with a long comment', RELEASE.replace('then', '--[==[ it is ]] ours ]==] then')],
  ])('is recognised in another layout: %s', async (_, script) => {
    expect(await asLock(command('EVAL', script, '1', 'l', 't1'))).toEqual(['0 ok release l="t1"'])
  })

  test.each([
    ['that compares the other way', RELEASE.replace('==', '~=')],
    ['that deletes another key', RELEASE.replace('"del",KEYS[1]', '"del",KEYS[2]')],
    ['that answers something else', RELEASE.replace('return 0', 'return 1')],
    ['that runs two names together', RELEASE.replace('then return', 'thenreturn')],
    ['that ends in a comment', RELEASE.replace('return 0', '--return 0')],
    ['that does more', `${RELEASE} redis.call('del', 'x')`],
    ['that is no Lua', `${RELEASE} "`],
  ])('is not recognised %s', async (_, script) => {
    expect((await asLock(command('EVAL', script, '1', 'l', 't1'))).join()).not.toContain('release')
  })

  test('is recognised by its SHA-1 once a client has sent it', async () => {
    const sha = createHash('sha1').update(DOCUMENTED).digest('hex')
    const called = command('EVALSHA', sha, '1', 'l', 't1')
    expect((await asLock(called)).join()).not.toContain('release')
    expect((await asLock(command('SCRIPT', 'LOAD', DOCUMENTED), called)).at(-1)).toBe('0 ok release l="t1"')
    expect(await asLock(command('EVAL', DOCUMENTED, '1', 'l', 't1'), called)).toEqual([
      '0 ok release l="t1"',
      '0 ok release l="t1"',
    ])
  })
})

test('a script drains a queue, oldest first', async () => {
  const answers = [':1\r\n', '*1\r\n$1\r\n1\r\n']
  const { ask, told } = await recorded({ answer: () => answers.shift(), commands: commandSet({ model: 'queue' }) })
  await ask(command('LPUSH', 'q', '1'), 4)
  await ask(command('EVAL', DRAIN, '1', 'q'), 11)
  expect(told().at(-1)).toBe('0 ok drain q=["1"]')
})

test('a read by a client whose name ends in :final is a final read', async () => {
  const { ask, views } = await recorded({ answer: ([name]) => (name === 'CLIENT' ? '+OK\r\n' : undefined) })
  await ask(command('CLIENT', 'SETNAME', 'a:final') + command('GET', 'x'), 10)
  expect(views.client.find(({ type }) => type === 'invoke')).toMatchObject({ session: 'a', final: true })
})
