import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { machineIdentity } from '../../../../engine/src/queue/load/order.ts'
import { whyUnreachable } from '../../../../engine/src/queue/load/reach.ts'
import { chaos, startChaos, startProcess, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { freePort, installed, startRedis } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'

const redis = installed('redis-server')
/** Less than a lease. */
const PAUSED_MS = 3_000

/** Starts a run whose clients are driven by two workers, and collects its output. */
async function started(queue: string, more: readonly string[] = []) {
  const out = temporaryDirectory()
  const words = ['run', '--target', 'raft', '--nodes', '3', '--faults', 'none', '--queue', queue, '--workers', '2']
  const { child, finished } = startChaos([...words, '--out', out, ...more])
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      said += chunk
    })
  return { child, finished, said: () => said, out }
}

/** Requires that the events of a run are complete and contain no duplicates. */
function requireWhole(out: string): void {
  const [directory = ''] = readdirSync(out)
  const lines = readFileSync(join(out, directory, 'history.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
  const events = lines.map((line) => JSON.parse(line) as Line).filter(({ index }) => index !== undefined)
  expect(events.map(({ index }) => index)).toEqual(events.map((_, n) => n))
  const open = new Set<Line['process']>()
  const written = new Set<string>()
  for (const { process, type, f, key, value } of events) {
    if (typeof process !== 'number') continue
    expect(open.has(process)).toBe(type !== 'invoke')
    if (type !== 'invoke') open.delete(process)
    else open.add(process)
    if (type !== 'invoke' || f !== 'write') continue
    const write = `${key} ${JSON.stringify(value)}`
    expect(written.has(write)).toBe(false)
    written.add(write)
  }
  expect([...open]).toEqual([])
  expect(written.size).toBeGreaterThan(20)
}

interface Line {
  readonly index?: number
  readonly process: number | string
  readonly type: string
  readonly f: string
  readonly key?: string
  readonly value?: unknown
}

function historyLines(out: string): number {
  const [directory] = readdirSync(out)
  const file = join(out, directory ?? '', 'history.jsonl')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length : 0
}

const drives = ({ printed }: Awaited<ReturnType<typeof joined>>): boolean => printed().includes('Drives part')

describe.skipIf(redis === undefined)('a run whose clients are driven by workers', () => {
  test('a run continues after one of its workers is killed, and reports operations of unknown outcome', async () => {
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

  test('a run loses and repeats no operation if Redis restarts or a worker pauses for less than a lease', async () => {
    const port = await freePort()
    const serve = () =>
      startProcess(redis ?? '', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'])
    const queue = `redis://127.0.0.1:${port}`
    const answers = async () => {
      const client = new Redis(queue, { retryStrategy: () => null })
      client.on('error', () => {})
      const pong = await client.ping().catch(() => undefined)
      client.disconnect()
      return pong === 'PONG'
    }
    const first = serve()
    await until(answers)
    const workers = [await joined(queue), await joined(queue)]
    const { finished, said, out } = await started(queue, ['--time', '14s', '--json'])
    await until(() => workers.every(drives))
    const operations = () => historyLines(out)
    await until(() => operations() > 50)
    first.child.kill('SIGKILL')
    await first.finished
    // The restarted Redis has lost all of its data.
    serve()
    await until(answers)
    const then = operations()
    await until(() => operations() > then + 50)
    const paused = workers[0]?.child
    paused?.kill('SIGSTOP')
    // While this worker is paused, later events of the other worker cannot be written to the history. The paused worker
    // may still send earlier events.
    await sleep(PAUSED_MS)
    paused?.kill('SIGCONT')
    const { exitCode, stdout } = await finished
    expect(said()).not.toContain('was lost')
    expect([0, 2]).toContain(exitCode)
    expect(JSON.parse(stdout).levels.linearizable.result).not.toBe('violated')
    requireWhole(out)
    const next = await started(queue, ['--time', '1s'])
    expect([0, 2]).toContain((await next.finished).exitCode)
  })

  test('a run excludes a worker that was paused for longer than a lease, and the worker stops its clients', async () => {
    const queue = await queueOf()
    const workers = [await joined(queue), await joined(queue)]
    const { finished, said, out } = await started(queue, ['--time', '16s'])
    await until(() => workers.every(drives) && historyLines(out) > 50)
    workers[0]?.child.kill('SIGSTOP')
    await until(() => said().includes('was lost'))
    workers[0]?.child.kill('SIGCONT')
    // The worker may receive the pending messages before it checks its clock. Then the coordinator's message tells it
    // to stop.
    await until(() => /the run sent this worker nothing for 10 s|Did part/.test(workers[0]?.printed() ?? ''))
    expect((await finished).exitCode).toBe(4)
    expect(said()).toMatch(/operations?\s+of\s+its\s+clients\s+(is|are)\s+of\s+unknown\s+outcome/)
    expect(said()).not.toContain('NOT LINEARIZABLE')
    requireWhole(out)
    expect(
      workers.map(({ child }) => child.exitCode),
      workers[0]?.printed(),
    ).toEqual([null, null])
    const next = await started(queue, ['--time', '1s'])
    expect([0, 2]).toContain((await next.finished).exitCode)
  })

  test('workers abandon a run after 10 s if the chaos process that started the run is killed', async () => {
    const queue = await queueOf()
    const workers = [await joined(queue), await joined(queue)]
    const { child, said } = await started(queue, ['--time', '10m'])
    await until(() => /ok [1-9]/.test(said()))
    child.kill('SIGKILL')
    await until(() => workers.every(({ printed }) => printed().includes('the run sent this worker nothing for 10 s')))
    const next = await started(queue, ['--time', '1s'])
    expect([0, 2]).toContain((await next.finished).exitCode)
  })

  test('a worker that has refused invalid jobs and jobs of another chaos version still drives the next run', async () => {
    const queue = await queueOf()
    const worker = await joined(queue)
    const { Queue } = await import('bullmq')
    const jobs = new Queue('chaos-load', { connection: { url: queue } })
    await jobs.add('load', { version: '0.0.1', order: {} })
    await jobs.add('load', { nonsense: true })
    await until(() => worker.printed().includes('the job does not describe a part of a run'))
    await jobs.close()
    expect(worker.printed()).toContain('the job comes from chaos 0.0.1')
    const next = await started(queue, ['--time', '1s', '--workers', '1'])
    expect([0, 2]).toContain((await next.finished).exitCode)
  })

  test('a run drives a declared service without sending the password of the service to workers', async () => {
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

test('a worker on another machine cannot use a loopback address, and the error names --reach', async () => {
  const elsewhere = { clients: {}, addresses: [{ node: 'n1', host: '127.0.0.1', port: 1 }] }
  expect(await whyUnreachable(elsewhere, 'another machine')).toContain('such as --reach 10.0.0.5')
  expect(await whyUnreachable(elsewhere, machineIdentity())).toContain('127.0.0.1:1: ECONNREFUSED')
})
