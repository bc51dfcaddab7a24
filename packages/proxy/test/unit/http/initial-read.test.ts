import { once } from 'node:events'
import { createServer } from 'node:net'
import { createRecorder } from '@chaosproxy/recorder'
import { describe, expect, test } from 'vitest'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { readInitially } from '../../../src/http/initial-read.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { keyValueService, serveHttp, textTable } from '../../http/live.ts'

describe('the initial read of keys', () => {
  async function reading(upstream: { readonly host: string; readonly port: number }, keys: readonly string[]) {
    const view = new RecordedLines()
    const recorder = createRecorder({ now: startRunClock(), client: view, backend: new RecordedLines() })
    let why = ''
    try {
      await readInitially({ table: textTable, keys, recorder, node: 'n1', upstream })
    } catch (error) {
      why = (error as Error).message
    }
    return { why, events: view.events.map(({ type, f, key, value }) => [type, f, key, value ?? null]) }
  }

  test('the initial read of keys records the value of each key before any request', async () => {
    const service = await keyValueService()
    service.store.set('x', 'one')
    expect(await reading(service, ['x', 'y'])).toEqual({
      why: '',
      events: [
        ['invoke', 'read', 'x', null],
        ['ok', 'read', 'x', 'one'],
        ['invoke', 'read', 'y', null],
        ['ok', 'read', 'y', null],
      ],
    })
    expect(service.seen).toEqual(['GET x', 'GET y'])
  })

  test('the initial read of keys ends with the first key that the service does not return', async () => {
    const service = await serveHttp((asked, reply) => {
      reply.statusCode = asked.url === '/kv/x' ? 200 : 500
      reply.end('one')
    })
    const { why, events } = await reading(service, ['x', 'y', 'z'])
    expect(why).toContain(`"initial": "read": GET /kv/y at 127.0.0.1:${service.port}: `)
    expect(why).toContain('Start the service before the proxy, or leave "initial" out')
    expect(events.map(([type, , key]) => [type, key])).toEqual([
      ['invoke', 'x'],
      ['ok', 'x'],
      ['invoke', 'y'],
      ['fail', 'y'],
    ])
  })

  test('the initial read of keys reports why it failed if no service listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { readonly port: number }
    server.close()
    await once(server, 'close')
    const { why, events } = await reading({ host: '127.0.0.1', port }, ['x'])
    expect(why).toContain('ECONNREFUSED')
    expect(events.map(([type]) => type)).toEqual(['invoke', 'fail'])
  })
})
