import { createRandom } from '@chaosproxy/faults'
import { historyFromEvents, millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { check } from '../../../../checker/src/index.ts'
import { eventually, links } from '../../../../testing/src/sockets.ts'
import { resp } from '../../../../wire/src/resp/resp.ts'
import { readRespCommand } from '../../../../wire/src/resp/resp-value.ts'
import { flipBits } from '../../../src/messages/harms.ts'
import { command } from '../../redis.ts'
import { recorded } from '../../resp/recorded.ts'

// If a fault changes a request, the server executes another request than the record has. The server is correct all the
// same.

type Recorded = Awaited<ReturnType<typeof recorded>>

const verdictOf = ({ views }: Recorded, view: 'client' | 'backend') =>
  check(historyFromEvents(views[view]), {
    model: 'register',
    initial: null,
    levels: ['linearizable'],
    failedCas: 'drop',
    deadlineMs: millis(10_000),
    memoryBytes: 1e8,
    now: () => millis(performance.now()),
  }).levels.linearizable

const OK_BYTES = 5

describe('a Redis request changed by a fault', () => {
  test('if a fault changes a Redis request, only the key that the changed request writes is marked as possibly written', async () => {
    const made = await recorded({ messages: true })
    const { messages, ask, client, server, marks } = made
    await ask(command('SET', 'x', '1') + command('SET', 'y', '1'), 2 * OK_BYTES)
    const forged = { kind: 'fabricate-message', message: ['SET', 'y', '7'], links: links.to } as const
    const applied = messages.apply({ ...forged, match: { command: 'set' } } as never)
    await ask(command('SET', 'x', '2'), OK_BYTES)
    applied.remove()
    const second = await made.connect()
    second.socket.write(command('GET', 'x') + command('GET', 'y'))
    await second.until((received) => received.length >= 14)
    client.socket.destroy()
    await client.until((received) => received.closed)
    expect(server.asked).toContain('SET y 7')
    expect(marks()).toEqual(['touched y: a request that a fault changed'])
    for (const view of ['client', 'backend'] as const) expect(verdictOf(made, view).result).not.toBe('violated')
  })

  test('a changed Redis request marks all keys as possibly written if it may change any key', async () => {
    const made = await recorded({ messages: true })
    const { messages, ask, marks } = made
    messages.apply({ kind: 'fabricate-message', message: ['EVAL', 'return 1', '0'], links: links.to } as never)
    await ask(command('SET', 'x', '2'), 4)
    expect(marks()).toEqual(['touched *: a request that a fault changed'])
  })

  test('a Redis request marks all keys as possibly written if its link corrupts bytes', async () => {
    const made = await recorded()
    made.network.apply({ kind: 'corrupt', probability: 1, links: links.to } as never)
    made.client.socket.write(command('SET', 'x', '2'))
    await eventually(() => made.marks('backend').includes('touched *: a request that a fault changed'))
  })

  test('a Redis request with flipped bits may still be a valid command with another key or value', () => {
    const random = createRandom('bits')
    const words = Array.from({ length: 200 }, () => {
      const flipped = flipBits(Buffer.from(command('SET', 'key', 'value')), 1, resp, 'requests', random)
      return flipped === undefined ? undefined : readRespCommand(flipped)?.map(String)
    })
    expect(words.some((each) => each?.[0] === 'SET' && each[1] !== 'key')).toBe(true)
    expect(words.some((each) => each?.[0] === 'SET' && each[2] !== 'value')).toBe(true)
  })
})
