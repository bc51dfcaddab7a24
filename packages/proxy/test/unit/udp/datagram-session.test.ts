import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createRandom } from '@chaosproxy/faults'
import { expect, test } from 'vitest'
import { cleanUp, eventually, ManualClock } from '../../../../testing/src/sockets.ts'
import { LinkState } from '../../../src/link/link-state.ts'
import type { Trouble } from '../../../src/tcp/trouble.ts'
import { createDatagramFaults } from '../../../src/udp/datagram-faults.ts'
import { DatagramSession } from '../../../src/udp/datagram-session.ts'

const [there, back] = [
  { from: 'clients', to: 'n1' },
  { from: 'n1', to: 'clients' },
]

/** A session with a server at this address. It lists what its client gets. */
function sessionTo(upstream: { readonly host: string; readonly port: number }) {
  const clock = new ManualClock()
  const random = createRandom(1)
  const faults = createDatagramFaults(random, clock)
  const [answers, troubles]: [string[], Omit<Trouble, 'code' | 'why' | 'count'>[]] = [[], []]
  const state = { closings: 0 }
  const forward = new LinkState(there, random)
  const session = new DatagramSession({
    ...{ clock, client: '10.0.0.7', upstream, allowance: { freeBytes: 1000 } },
    ...{ forward, backward: new LinkState(back, random) },
    ...{ forwardDatagrams: faults.link(there), backwardDatagrams: faults.link(back) },
    answer: (bytes) => void answers.push(String(bytes)),
    closed: () => void state.closings++,
    troubled: (trouble) => void troubles.push(trouble as (typeof troubles)[number]),
  })
  cleanUp(() => session.close())
  return {
    session,
    clock,
    answers,
    troubles,
    state,
    forward,
    say: (text: string) => session.receive(Buffer.from(text)),
  }
}

async function server(): Promise<{ readonly port: number; readonly arrived: string[] }> {
  const arrived: string[] = []
  const socket = createSocket('udp4', (bytes, { address, port }) => {
    arrived.push(String(bytes))
    socket.send(`${bytes}!`, port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  cleanUp(() => void socket.close())
  return { port: socket.address().port, arrived }
}

test('up to 64 datagrams wait until the name of their server is resolved', async () => {
  const { port, arrived } = await server()
  const { say, answers } = sessionTo({ host: 'localhost', port })
  for (let i = 0; i < 66; i++) say(`${i}`)
  await eventually(() => answers.length === 64)
  say('late')
  await eventually(() => answers.length === 65)
  expect(arrived).toEqual([...Array.from({ length: 64 }, (_, i) => `${i}`), 'late'])
})

test('usedAtMs is the time of the last datagram of a session, from either side', async () => {
  const { port } = await server()
  const { session, clock, say, answers } = sessionTo({ host: '127.0.0.1', port })
  expect(session.usedAtMs).toBe(0)
  clock.advance(5)
  say('a')
  expect(session.usedAtMs).toBe(5)
  clock.advance(5)
  await eventually(() => answers.length === 1)
  expect(session.usedAtMs).toBe(10)
})

test('a session is closed once, and sends nothing afterwards', async () => {
  const { port, arrived } = await server()
  const { session, say, state, answers } = sessionTo({ host: '127.0.0.1', port })
  say('a')
  await eventually(() => answers.length === 1)
  session.close()
  session.close()
  say('b')
  expect([state.closings, arrived]).toEqual([1, ['a']])
})

test('a session counts and reports a datagram that its server refuses, and continues', async () => {
  const { say, troubles, forward } = sessionTo({ host: '127.0.0.1', port: 1 })
  say('a')
  await eventually(() => forward.statistics().failedDials === 1)
  expect(troubles).toEqual([{ type: 'dial-failed', link: 'clients>n1', address: '127.0.0.1:1' }])
})
