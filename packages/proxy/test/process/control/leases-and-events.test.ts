import { once } from 'node:events'
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createRecorder } from '../../../../recorder/src/record/recorder.ts'
import { RecordedLines } from '../../../../testing/src/recorded-lines.ts'
import { cleanUp, dial } from '../../../../testing/src/sockets.ts'
import { startRunClock } from '../../../src/record-file/run-clock.ts'
import { control } from '../../control/control-plane.ts'
import { latency, withProxies } from '../../control/two-proxies.ts'

describe('leases', () => {
  test('the faults of a lease are healed when the lease expires without renewal', async () => {
    const { ask, plane } = await withProxies()
    const lease = (await ask('POST', '/v1/leases', { owner: 'test', ttlMs: 1_000 })).json.id
    await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], name: 'leased', lease })
    await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], name: 'own' })
    const expired = new Promise<number>((resolve) => {
      cleanUp(plane.events.subscribe(({ type }) => void (type === 'lease-expired' && resolve(performance.now()))))
    })
    // Renew the lease until it has lasted longer than `ttlMs`. The time of one renewal depends on the machine, so the
    // test measures the total time.
    const begunAt = performance.now()
    let renewedAt = begunAt
    while (renewedAt - begunAt < 1_100) {
      renewedAt = performance.now()
      expect((await ask('POST', `/v1/leases/${lease}/renew`)).json).toMatchObject({ faults: ['leased'] })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect((await expired) - renewedAt).toBeGreaterThan(990)
    expect((await ask('GET', '/v1/faults')).json.map(({ name }: { name: string }) => name)).toEqual(['own'])
    expect((await ask('POST', `/v1/leases/${lease}/renew`)).status).toBe(404)
    expect((await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], lease })).status).toBe(404)
  })

  test('deleting a lease removes the faults that belong to the lease', async () => {
    const { ask } = await withProxies()
    const lease = (await ask('POST', '/v1/leases', { owner: 'test' })).json.id
    await ask('POST', '/v1/faults', { ...latency, proxies: ['n1'], lease })
    expect((await ask('DELETE', `/v1/leases/${lease}`)).status).toBe(204)
    expect((await ask('GET', '/v1/faults')).json).toEqual([])
  })
})

describe('the record of faults', () => {
  test('the record of a proxy numbers all changes of faults in one sequence, and ends each fault when the proxy stops', async () => {
    const lines = new RecordedLines()
    const recorder = createRecorder({ now: startRunClock(), client: lines })
    const { ask, plane } = await withProxies({ recording: { recorder, files: [] } })
    await ask('POST', '/v1/proxies', { name: 'web', upstream: '127.0.0.1:1', carries: 'http' })
    const epochs: unknown[] = []
    for (const [method, path, body] of [
      ['PUT', '/v1/faults/slow', { ...latency, proxies: ['n1'] }],
      ['PUT', '/v1/faults/slow', { ...latency, latencyMs: 6, proxies: ['n1'] }],
      ['POST', '/proxies/n1/toxics', { type: 'latency', name: 'toxic' }],
      ['PUT', '/v1/faults/lost', { kind: 'lose-reply', proxies: ['web'] }],
      ['PUT', '/v1/rules', { faults: ['web', 'n1'].map((name) => ({ ...latency, name, proxies: [name] })) }],
      ['DELETE', '/v1/faults/slow', undefined],
      ['POST', '/v1/faults', { kind: 'reset', proxies: ['n1'], name: 'reset' }],
    ] as const) {
      expect((await ask(method, path, body)).status, `${method} ${path}`).toBeLessThan(300)
      expect((await ask('GET', '/v1/rules')).json.epoch).toBe(recorder.epoch)
      epochs.push(recorder.epoch)
    }
    expect(epochs).toEqual([1, 2, 3, 4, 5, 6, 7])
    plane.close()
    const seen = lines.events.map(({ f, value, extra }) => [f, (value as { id: string }).id, extra?.['epoch']])
    expect(seen).toEqual([
      ['latency', 'slow', 1],
      ['heal', 'slow', 2],
      ['latency', 'slow', 2],
      ['latency', 'n1/toxic', 3],
      ['lose-reply', 'lost', 4],
      ['latency', 'web', 5],
      ['latency', 'n1', 5],
      ['heal', 'slow', 6],
      ['reset', 'reset', 7],
      ['heal', 'reset', 7],
      ['heal', 'n1/toxic', 7],
      ['heal', 'lost', 7],
      ['heal', 'web', 7],
      ['heal', 'n1', 7],
    ])
  })
})

describe('the event stream', () => {
  test('the event stream reports events, and resumes after the last event that the client received', async () => {
    const { ask, server, plane } = await withProxies()
    const { text, response } = await openEvents(server.port, {})
    expect(response.headers['content-type']).toBe('text/event-stream')
    await ask('POST', '/v1/faults', { kind: 'latency', latencyMs: 1, proxies: ['n1'], name: 'f' })
    await text.until((so) => so.includes('event: fault-added'))
    const [host, port] = plane.proxies.get('n1').listen.split(':')
    const client = await dial({ host: host!, port: Number(port) })
    client.write('x')
    await text.until((so) => so.includes('event: fault-hit'))
    response.destroy()
    const seen = Number(/id: (\d+)\nevent: fault-added/.exec(text.now())?.[1])
    await ask('DELETE', '/v1/faults/f')
    const again = await openEvents(server.port, { 'Last-Event-ID': String(seen) })
    await again.text.until((so) => so.includes('event: fault-removed'))
    expect(again.text.now()).not.toContain('fault-added')
    again.response.destroy()
  })

  test('the event stream refuses a resume position that is not a whole number', async () => {
    const { ask } = await control()
    for (const since of ['-1', 'x', '1.5', '1e99'])
      expect((await ask('GET', `/v1/events?since=${since}`)).status).toBe(400)
  })
})

async function openEvents(port: number, headers: { [name: string]: string }) {
  const asked = request({ host: '127.0.0.1', port, path: '/v1/events', headers, agent: false })
  asked.on('error', () => undefined)
  asked.end()
  const [response] = await once(asked, 'response')
  cleanUp(() => void response.destroy())
  let text = ''
  let wake = () => {}
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    wake()
  })
  response.on('error', () => undefined)
  const until = async (condition: (so: string) => boolean) => {
    while (!condition(text))
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  return { response, text: { now: () => text, until } }
}
