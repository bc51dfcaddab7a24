import { expect, test } from 'vitest'
import { commandSet } from '../../../src/redis/command-set.ts'
import { recorded } from '../../redis/recorded.ts'

const command = (...words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`

test('a Redis command whose reader throws makes only its own connection unreadable', () => {
  const commands = commandSet()
  const readers = new Map([
    ...commands.readers,
    [
      'BOOM',
      () => {
        throw new RangeError('Maximum call stack size exceeded')
      },
    ] as const,
  ])
  const { ask, connect, told, marks, recorder, client } = recorded({ commands: { ...commands, readers } })
  const other = connect()
  ask(command('SET', 'x', '1'))
  ask(command('BOOM', 'x'))
  ask(command('SET', 'x', '2'))
  other.send(command('SET', 'y', '3'))
  client.reset()
  expect(told().filter((line) => line.includes('y='))).toEqual(['1 invoke write y="3"', '1 ok write y="3"'])
  expect(recorder.counters.opaqueConnections).toBe(1)
  expect(marks()).toContain(
    'touched *: a connection of Redis with a message that chaos failed to read (Maximum call stack size exceeded)',
  )
  expect(
    told()
      .filter((line) => line.includes('x='))
      .join(),
  ).not.toContain('"2"')
})
