import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:net'
import { millis } from '@chaosproxy/history'
import { describe, expect, onTestFinished } from 'vitest'
import { type LoadOrder, printLoadOrder } from '../../../../engine/src/queue/load/order.ts'
import { startChaos, startProcess } from '../../../../testing/src/chaos.ts'
import { test } from '../../../../testing/src/patient.ts'
import { freePort, installed } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'
import { queueOf } from '../../queue/queue-process.ts'

const redis = installed('redis-server')

/** A server that records the bytes sent to it. */
async function listener() {
  const heard: Buffer[] = []
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      heard.push(chunk)
      // AuthenticationCleartextPassword
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, heard, connections: () => connections }
}

/** Whether something listens there. */
const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

/**
 * A load order, which tells a worker to drive clients. It is forged: anybody with write access to the queue could add
 * it.
 */
const forged = (port: number): LoadOrder => ({
  run: randomUUID(),
  share: { index: 0, of: 1 },
  machine: 'another',
  elsewhere: {
    clients: {
      ...{ kind: 'declared', client: { kind: 'postgres', user: 'u', database: 'd' }, isSecret: true, run: 'abc' },
      asked: { functions: ['read', 'write'], reads: ['read'], initial: null },
    },
    addresses: [{ node: 'n1', host: '127.0.0.1', port }],
  },
  workload: { name: 'register', settings: {} },
  ...{ seed: 1, clients: 1, rate: 100, timeoutMs: millis(500), sticky: true, leaseMs: millis(5_000) },
})

describe.skipIf(redis === undefined)('a malicious writer to the queue', () => {
  test.each([
    ['a worker that drives nothing', []],
    ['a worker that drives clients at another host', ['--drive', '10.0.0.5']],
    ['a worker that drives clients at another port', ['--drive', '127.0.0.1:1']],
  ])(
    'a malicious writer to the queue cannot redirect %s to another address, and learns no password',
    async (_what, drive) => {
      const queue = await queueOf()
      const attacker = await listener()
      const { child } = startChaos(['worker', '--queue', queue, '--threads', '1', ...drive], {
        env: { CHAOS_CLIENT_PASSWORD: 'QPASSWORD' },
      })
      let printed = ''
      child.stdout?.on('data', (chunk) => {
        printed += chunk
      })
      await until(() => printed.includes('Joined the queue at'))
      const { Queue } = await import('bullmq')
      const loads = new Queue('chaos-load', { connection: { url: queue } })
      const job = await loads.add('load', printLoadOrder(forged(attacker.port)))
      if (drive.length === 0) {
        expect(await loads.getWorkersCount()).toBe(0)
        expect(await job.getState()).toBe('waiting')
      } else {
        await until(() => printed.includes(`the clients of this worker may dial only ${drive[1]}`))
        await until(() => job.isFailed())
      }
      await loads.close()
      expect(attacker.connections()).toBe(0)
      expect(Buffer.concat(attacker.heard).toString('latin1')).not.toContain('QPASSWORD')
    },
  )
})

describe.skipIf(redis === undefined)('an idle worker of a queue', () => {
  test.each([
    ['is gone', 'SIGKILL'],
    ['answers nothing any more', 'SIGSTOP'],
  ] as const)('an idle worker of a queue ends on the first SIGTERM if its Redis %s', async (_what, signal) => {
    const port = await freePort()
    const { child: server } = startProcess(redis ?? '', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''])
    await until(() => accepts(port))
    const worker = startChaos([
      'worker',
      '--queue',
      `redis://127.0.0.1:${port}`,
      '--threads',
      '1',
      '--drive',
      '127.0.0.1',
    ])
    let printed = ''
    worker.child.stdout?.on('data', (chunk) => {
      printed += chunk
    })
    await until(() => printed.includes('Joined the queue at'))
    server.kill(signal)
    await until(() => printed.includes('does not answer'))
    worker.child.kill('SIGTERM')
    expect((await worker.finished).exitCode).toBe(0)
  })
})
