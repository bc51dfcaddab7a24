import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { thisMachine } from '../../engine/src/load/order.ts'
import { whyUnreachable } from '../../engine/src/load/reach.ts'
import { installed, startRedis } from '../../proxy/test/real-servers.ts'
import { chaos, startChaos, temporaryDirectory } from './chaos.ts'
import { until } from './processes.ts'
import { joined, queueOf } from './queue-process.ts'

const redis = installed('redis-server')

/** A run that two workers drive, and what it says. */
async function started(queue: string, more: readonly string[] = []) {
  const out = temporaryDirectory()
  const words = ['run', '--target', 'raft', '--nodes', '3', '--faults', 'none', '--queue', queue, '--workers', '2']
  const { child, finished } = startChaos([...words, '--out', out, ...more])
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      said += chunk
    })
  return { child, finished, said: () => said }
}

const drives = ({ printed }: Awaited<ReturnType<typeof joined>>): boolean => printed().includes('Drives part')

describe.skipIf(redis === undefined)('a run whose clients workers drive', () => {
  test('goes on without a worker that is killed, and says what is not known of it', async () => {
    const queue = await queueOf()
    const workers = [await joined(queue), await joined(queue)]
    const { finished, said } = await started(queue, ['--time', '13s'])
    await until(() => workers.every(drives) && /ok [1-9]/.test(said()))
    workers[0]?.child.kill('SIGKILL')
    const { exitCode } = await finished
    expect(said()).toMatch(/worker \d \(.*\) was lost:\s+it\s+was\s+not\s+heard\s+of\s+for\s+10\s+s/)
    expect(said()).toMatch(/operations?\s+of\s+its\s+clients\s+(is|are)\s+of\s+unknown\s+outcome/)
    expect(said()).not.toContain('NOT LINEARIZABLE')
    expect(exitCode).toBe(4)
  })

  test('is ended by its workers when it is killed, within a lease', async () => {
    const queue = await queueOf()
    const workers = [await joined(queue), await joined(queue)]
    const { child, said } = await started(queue, ['--time', '10m'])
    await until(() => /ok [1-9]/.test(said()))
    child.kill('SIGKILL')
    await until(() => workers.every(({ printed }) => printed().includes('the run was not heard of for 10 s')))
    const next = await started(queue, ['--time', '1s'])
    expect([0, 2]).toContain((await next.finished).exitCode)
  })

  test('does not begin with a worker of another version, or with something that is no load, and says so', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const { Queue } = await import('bullmq')
    const jobs = new Queue('chaos-load', { connection: { url: queue } })
    await jobs.add('load', { version: '0.0.1', order: {} })
    await jobs.add('load', { nonsense: true })
    await until(() => worker.printed().includes('it is no load of chaos'))
    await jobs.close()
    expect(worker.printed()).toContain('it is of chaos 0.0.1')
    const next = await started(queue, ['--time', '1s', '--workers', '1'])
    expect([0, 2]).toContain((await next.finished).exitCode)
  })

  test('drives a declared service that runs already, whose password does not travel', async () => {
    const [queue, password] = [await queueOf(), `secret-${process.pid}`]
    const { host, port } = await startRedis(redis ?? '', ['--requirepass', password])
    const cwd = temporaryDirectory()
    const commands = {
      read: { send: ['GET', '{key}'], result: 'number' },
      write: { send: ['SET', '{key}', '{value}'] },
    }
    const client = { kind: 'resp', keys: '{run}-{key}', commands, password }
    const nodes = [{ addresses: { client: `${host}:${port}` } }]
    writeFileSync(join(cwd, 'service.json'), JSON.stringify({ client, nodes }))
    const words = ['run', '--target', './service.json', '--faults', 'none', '--time', '1s', '--queue', queue]
    const without = await joined(queue)
    const refused = await chaos([...words, '--workers', '1'], { cwd })
    expect(refused.stderr).toContain('CHAOS_CLIENT_PASSWORD')
    expect(refused.exitCode).toBe(4)
    without.child.kill('SIGKILL')
    const worker = await joined(queue, [], { CHAOS_CLIENT_PASSWORD: password })
    const { exitCode, stdout, stderr } = await chaos([...words, '--workers', '1', '--expect', 'linearizable'], { cwd })
    expect([0, 2]).toContain(exitCode)
    expect([stdout, stderr, worker.printed(), without.printed()].join('')).not.toContain(password)
  })
})

test('a worker on another machine is not sent to the loopback of this one, and told what to do', async () => {
  const elsewhere = { clients: {}, addresses: [{ node: 'n1', host: '127.0.0.1', port: 1 }] }
  expect(await whyUnreachable(elsewhere, 'another machine')).toContain('Start the run with --reach')
  expect(await whyUnreachable(elsewhere, thisMachine())).toContain('127.0.0.1:1: ECONNREFUSED')
})
