import { expect, test } from 'vitest'
import { commandSet } from '../../../recorder/src/redis/command-set.ts'
import { recorded } from './recorded.ts'

const command = (...words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`

test('a command whose reader fails makes its own connection unreadable, and no other', async () => {
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
  const { ask, connect, told, marks, recorder, client } = await recorded({ commands: { ...commands, readers } })
  const other = await connect()
  await ask(command('SET', 'x', '1'), 5)
  await ask(command('BOOM', 'x'), 1)
  await ask(command('SET', 'x', '2'), 5)
  other.socket.write(command('SET', 'y', '3'))
  await other.until((received) => received.length >= 5)
  client.socket.destroy()
  await expect
    .poll(() => told().filter((line) => line.includes('y=')))
    .toEqual(['1 invoke write y="3"', '1 ok write y="3"'])
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
