import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { recordResp } from '../../../../recorder/src/redis/resp-recorder.ts'
import { parseRespSettings } from '../../../../recorder/src/redis/resp-settings.ts'
import { cleanUp, dial, eventually, links, network, Received, serve, settled } from '../../../../testing/src/sockets.ts'
import { parseCarriage } from '../../../src/control/state/carriage.ts'
import { recordConversations } from '../../../src/interceptor/recorded-conversations.ts'
import { openRecordFile } from '../../../src/record-file/record-file.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { command, serveResp } from '../../redis.ts'
import { recorded } from '../../resp/recorded.ts'

test('parseCarriage accepts a compare-and-set script in RESP settings, and refuses invalid settings with advice', () => {
  expect(parseCarriage({ kind: 'resp', commands: 'counter', cas: 'return 1' }, 'x')).toMatchObject({
    model: 'counter',
  })
  const { commands } = parseRespSettings({ commands: 'counter', cas: 'return 1' }, 'x')
  expect(commands.readers.has('EVAL')).toBe(true)
  expect(() => parseCarriage({ kind: 'resp', cas: 1 }, 'x')).toThrow(
    'x: "cas" is 1. Give the source of the compare-and-set script',
  )
  expect(() => parseCarriage({ kind: 'resp', scripts: 'all' }, 'x')).toThrow('x: "scripts" is "all". Give "keys"')
  expect(() => parseCarriage({ kind: 'resp', commands: 'lists' }, 'x')).toThrow('Known: register, counter, set, queue')
})

describe('the record of Redis traffic under message faults', () => {
  test('a lost Redis request is recorded as a failure that was never forwarded', async () => {
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

  test('a Redis request is recorded as never forwarded only if it was not sent', async () => {
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

test('a client that sends to a silent server is paused until the server replies', async () => {
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
  // A disk that writes nothing until the file is congested.
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
