import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chaos, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, startRedis, whySkipped } from '../../../../testing/src/servers.ts'
import { until } from '../../processes.ts'
import { joined, ownCampaign, queueOf, waiting } from '../../queue/queue-process.ts'
import { recordingOf } from '../../queue/recorded-registers.ts'

// These tests damage the data of a queue, use a worker of another version, pause the Redis of the queue, or give the
// queue a password. CHAOS_SOAK=short runs only the tests in which data could be lost or disclosed.
const isShort = process.env['CHAOS_SOAK'] === 'short'

const redis = installed('redis-server')

function clientOf(queue: string): Redis {
  const client = new Redis(queue)
  onTestFinished(() => client.disconnect())
  return client
}

/** A recording whose path leads to a different file in every process, so that workers must fetch it. */
function recordingElsewhere() {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'recording.jsonl'), recordingOf(2_000, 20, 1_200).join('\n'))
  return { cwd, file: '/proc/self/cwd/recording.jsonl' }
}

/** Starts a server that forwards everything to Redis and changes the replies. Returns its port. */
async function between(host: string, port: number, change: (text: string) => string): Promise<number> {
  const server = createServer((client) => {
    const redis = connect(port, host)
    client.pipe(redis)
    redis.on('data', (chunk) => client.write(change(chunk.toString('latin1')), 'latin1'))
    for (const end of [client, redis])
      end.on('error', () => {}).on('close', () => [client, redis].map((each) => each.destroy()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const hasJobs = async (client: Redis) => (await client.keys('bull:chaos*:*-*')).length > 0

async function damage(client: Redis): Promise<number> {
  const keys = await client.keys('chaos:file:*')
  for (const key of keys) await client.set(key, `damaged ${await client.get(key)}`)
  return keys.length
}

describe.skipIf(redis === undefined)(`a queue${redis === undefined ? `: ${whySkipped('redis-server')}` : ''}`, () => {
  test('a file that was damaged in Redis is sent again, and the damage is reported', async () => {
    const queue = await queueOf()
    const { cwd, words } = await ownCampaign()
    const client = clientOf(queue)
    const { finished, said } = waiting([...words, '--queue', queue], cwd)
    await until(() => hasJobs(client))
    expect(await damage(client)).toBe(1)
    await joined(queue, ['--allow-code'])
    const { stdout } = await finished
    expect(said()).toMatch(/A file for seeds 1 to 64 of .*protocol\.ts was damaged in Redis, and is sent again/)
    expect(JSON.parse(stdout).trials).toBe(100)
  })

  test.skipIf(isShort)('a recording that was damaged in Redis is sent again and checked', async () => {
    const queue = await queueOf()
    const { cwd, file } = recordingElsewhere()
    const client = clientOf(queue)
    const { finished, said } = waiting(['check', file, '--expect', 'linearizable', '--json', '--queue', queue], cwd)
    await until(() => hasJobs(client))
    expect(await damage(client)).toBe(1)
    await joined(queue)
    const { stdout, exitCode } = await finished
    expect(said()).toMatch(/A file for keys \d+\/16 of .*recording\.jsonl was damaged in Redis, and is sent again/)
    expect(JSON.parse(stdout).levels.linearizable).toMatchObject({
      result: 'violated',
      counterexample: { keys: ['k0'] },
    })
    expect(exitCode).toBe(1)
  })

  test('a recording that is damaged at every fetch is not checked, and the error says where to look for the cause', async () => {
    const { host, port } = await startRedis(redis!)
    const queue = `redis://${host}:${port}`
    const { cwd, file } = recordingElsewhere()
    // Changes the text `process` in Base64 data. About every third line of the recording contains it in this encoding.
    const damaging = await between(host, port, (text) => text.replaceAll('cHJvY2Vzc', 'cHJvY2Vzd'))
    await joined(`redis://127.0.0.1:${damaging}`)
    const { finished } = waiting(['check', file, '--expect', 'linearizable', '--json', '--queue', queue], cwd)
    const { stdout, stderr, exitCode } = await finished
    expect(stderr).toContain(
      `recording.jsonl: each time a worker fetches a needed file from the Redis at ${host}:${port}, the file is damaged. Find out who else writes to that Redis.`,
    )
    expect([stdout, exitCode]).toEqual(['', 4])
  })

  test('a worker refuses jobs of another chaos version, and does jobs of its own version', async () => {
    const queue = await queueOf()
    const { child, printed } = await joined(queue)
    const board = new Queue('chaos', { connection: { url: queue } })
    onTestFinished(() => board.close())
    await board.add('job', { version: '0.0.0', kind: 'search', spec: {}, files: [] }, { jobId: 'old' })
    await until(() => printed().includes('Refused a job'))
    expect(printed()).toMatch(
      /the job comes from chaos 0\.0\.0, but this worker runs chaos \S+\. Install the same version on both machines\./,
    )
    const { exitCode } = await chaos([
      'fuzz',
      '--bug',
      'stale-read',
      '--seeds',
      '64',
      '--queue',
      queue,
      '--out',
      temporaryDirectory(),
    ])
    expect([exitCode, child.exitCode]).toEqual([1, null])
  })

  test.skipIf(isShort)(
    'a campaign ends with an error that names a remedy if a worker has another version of chaos',
    async () => {
      const queue = await queueOf()
      const { UnrecoverableError } = await import('bullmq')
      // Replies like a worker with another version of chaos.
      const other = new Worker(
        'chaos',
        () => {
          throw new UnrecoverableError(
            'the job comes from chaos 1.2.3, but this worker runs chaos 0.0.0. Install the same version on both machines.',
          )
        },
        { connection: { url: queue } },
      )
      onTestFinished(() => other.close())
      const { exitCode, stderr } = await chaos([
        'fuzz',
        '--seeds',
        '64',
        '--queue',
        queue,
        '--out',
        temporaryDirectory(),
      ])
      expect(stderr).toContain('a worker could not do seeds 1 to 64 of raft: the job comes from chaos 1.2.3')
      expect(exitCode).toBe(4)
    },
  )

  test.skipIf(isShort)(
    'a worker and a command report that they wait while the Redis of the queue does not answer',
    async () => {
      const { host, port } = await startRedis(redis!)
      const queue = `redis://${host}:${port}`
      const client = clientOf(queue)
      const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1])
      const worker = await joined(queue)
      const { finished, said } = waiting(['fuzz', '--seeds', '1280', '--target', 'raft', '--queue', queue, '--verbose'])
      await until(() => worker.searched() > 0)
      process.kill(pid, 'SIGSTOP')
      await until(
        () =>
          worker.printed().includes('does not answer: waiting for it') &&
          said().includes('does not answer: waiting for it'),
      )
      process.kill(pid, 'SIGCONT')
      await until(() => worker.printed().includes('answers again'))
      expect((await finished).exitCode).toBe(0)
    },
  )
})

describe.skipIf(redis === undefined)('the password of a queue', () => {
  test('the password of a queue is in no command line, job, Redis key or value, output or report', async () => {
    const password = `secret-${process.pid}`
    const { host, port } = await startRedis(redis!, ['--requirepass', password])
    const env = { CHAOS_QUEUE: `redis://:${password}@${host}:${port}` }
    const client = clientOf(env.CHAOS_QUEUE)
    const out = temporaryDirectory()
    const { cwd, words } = await ownCampaign()
    const worker = await joined('env:CHAOS_QUEUE', ['--allow-code'], env)
    const fuzz = startChaos(
      [...words, '--bug', 'none', '--verbose', '--out', out, '--queue', 'env:CHAOS_QUEUE'].filter(
        (word) => word !== '--bug' && word !== 'none',
      ),
      { cwd, env },
    )
    const file = join(temporaryDirectory(), 'recording.jsonl')
    writeFileSync(file, recordingOf(2_000, 20, 1_200).join('\n'))
    const check = startChaos(
      ['check', file, '--verbose', '--out', join(out, 'report.html'), '--queue', 'env:CHAOS_QUEUE'],
      { env },
    )
    await until(() => worker.printed().includes('Did '))
    const lines = readdirSync('/proc').flatMap((pid) => {
      try {
        return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : []
      } catch {
        return []
      }
    })
    expect(
      lines.filter((line) => line.includes(password) && !line.startsWith('redis-server') && !line.startsWith(redis!)),
    ).toEqual([])
    const ends = [await fuzz.finished, await check.finished]
    worker.child.kill('SIGINT')
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    expect(readdirSync(out)).toContain('report.html')
    ends.push(await worker.finished)
    const wrong = await chaos(['fuzz', '--seeds', '9', '--queue', 'env:CHAOS_QUEUE'], {
      env: { CHAOS_QUEUE: `redis://:${password}x@${host}:${port}` },
    })
    expect(wrong.stderr).toContain('does not answer')
    for (const { stdout, stderr } of [...ends, wrong]) expect(stdout + stderr).not.toContain(password)
    const keys = await client.keys('*')
    expect(keys.length).toBeGreaterThan(5)
    for (const key of keys)
      expect(`${key} ${(await client.dumpBuffer(key))?.toString('latin1')}`).not.toContain(password)
    for (const key of keys)
      if ((await client.type(key)) === 'hash') expect(JSON.stringify(await client.hgetall(key))).not.toContain(password)
    for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' }))
      if (/\.\w+$/.test(name)) expect(readFileSync(join(out, name), 'utf8')).not.toContain(password)
  })
})
