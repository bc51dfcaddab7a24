import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { dial, echo, eventually, network, startDialling } from '../../../../testing/src/sockets.ts'
import { createTroubleReporter, type Trouble } from '../../../src/tcp/trouble.ts'
import { control } from '../../control/control-plane.ts'

const errorOf = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

/** A port on which no server listens any more. */
async function nobody() {
  const { host, port, server } = await echo()
  server.close()
  await once(server, 'close')
  return { host, port }
}

async function ended(to: { host: string; port: number }): Promise<void> {
  const socket = startDialling(to)
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.on('close', resolve))
}

describe('trouble at a link', () => {
  const told: Trouble[] = []
  const timers: (() => void)[] = []
  const clock = {
    nowMs: () => 0,
    after(_: number, callback: () => void) {
      timers.push(callback)
      return () => void timers.splice(timers.indexOf(callback), 1)
    },
  }
  const pass = () => {
    for (const callback of timers.splice(0)) callback()
  }

  test('trouble at a link is reported immediately, and its repetitions are reported as a count one second later', () => {
    const reporter = createTroubleReporter(clock, (trouble) => told.push(trouble))
    const where = { type: 'dial-failed', link: 'a>b', address: 'b:1' } as const
    for (let i = 0; i < 100; i++) reporter.note(where, errorOf('ECONNREFUSED'))
    expect(told.splice(0)).toEqual([{ ...where, code: 'ECONNREFUSED', why: 'nothing listens there', count: 1 }])
    reporter.note(where, errorOf('EWEIRD'))
    expect(told.splice(0)).toMatchObject([{ code: 'EWEIRD', why: 'connect EWEIRD', count: 1 }])
    pass()
    expect(told.splice(0)).toMatchObject([{ code: 'ECONNREFUSED', count: 99 }])
    reporter.note(where, errorOf('ECONNREFUSED'))
    expect(told).toEqual([])
    pass()
    expect(told.splice(0)).toMatchObject([{ code: 'ECONNREFUSED', count: 1 }])
    pass()
    expect([told, timers]).toEqual([[], []])
    reporter.note(where, errorOf('ECONNREFUSED'))
    reporter.close()
    expect(timers).toEqual([])
  })
})

describe('a failed dial', () => {
  test('a failed dial is counted and reported with the reason', async () => {
    const created = network()
    const troubles: Trouble[] = []
    created.onTrouble((trouble) => troubles.push(trouble))
    const upstream = await nobody()
    const route = await created.route({ from: 'clients', to: 'db', upstream })
    await ended(route)
    await eventually(() => troubles.length === 1)
    expect(troubles).toEqual([
      {
        type: 'dial-failed',
        link: 'clients>db',
        address: `127.0.0.1:${upstream.port}`,
        code: 'ECONNREFUSED',
        why: 'nothing listens there',
        count: 1,
      },
    ])
    await eventually(() => created.statistics().get('clients>db')?.failedDials === 1)
  })

  test('a failed dial is not reported if its cause is a fault, a client or a dead node', async () => {
    const created = network()
    const troubles: Trouble[] = []
    created.onTrouble((trouble) => troubles.push(trouble))
    const { port } = await echo()
    const route = await created.route({ from: 'clients', to: 'db', upstream: { host: '127.0.0.1', port } })
    const refuse = created.apply({ kind: 'refuse', links: [{ from: 'clients', to: 'db' }] })
    await ended(route)
    refuse.remove()
    const client = await dial(route)
    client.resetAndDestroy()
    await eventually(() => route.liveConnections === 0)
    // A missing upstream is how a test simulates a node that is down. It is not reported as a failure.
    route.setUpstream(undefined)
    await ended(route)
    expect([troubles, created.statistics().get('clients>db')?.failedDials]).toEqual([[], 0])
  })
})

test('the control interface reports a failed dial as an event and as a metric', async () => {
  const { plane, ask } = await control()
  const { port } = await nobody()
  await plane.addProxy({ name: 'db', listen: '127.0.0.1:0', upstream: `127.0.0.1:${port}`, enabled: true })
  const [host, listening] = plane.proxies.get('db').listen.split(':') as [string, string]
  await ended({ host, port: Number(listening) })
  const events = () => plane.events.since(0).filter(({ type }) => type === 'dial-failed')
  await eventually(() => events().length === 1)
  expect(events()).toMatchObject([{ link: 'clients>db', code: 'ECONNREFUSED', count: 1 }])
  expect((await ask('GET', '/metrics')).text).toContain('chaos_link_failed_dials_total{link="clients>db"} 1\n')
  expect((await ask('GET', '/v1/links/clients>db')).json).toMatchObject({ failedDials: 1, failedAccepts: 0 })
})
