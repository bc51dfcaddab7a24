import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readHistory, storedParts } from '@chaosproxy/history/files'
import { Redis } from 'ioredis'
import { describe, expect } from 'vitest'
import { chaos, chaosHere, root, startChaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { patientTest, test } from '../../../../testing/src/patient.ts'
import { installed } from '../../../../testing/src/servers.ts'
import { on, pairOf, routeTo } from '../../../../testing/src/sockets.ts'
import { BUCKET, environmentOf, KEY, startStore, useStore } from '../../check/stored.ts'
import { until } from '../../processes.ts'
import { joined, queueOf } from '../../queue/queue-process.ts'

/** Clients take turns to write and read registers. One read returns the write before the last. */
function recordingOf(operations: number, keys: number, staleAt?: number): readonly string[] {
  const lines: string[] = []
  const last = new Map<number, number | null>()
  for (let i = 0; i < operations; i += 2) {
    const key = (i / 2) % keys
    const read = i === staleAt ? (last.get(key) ?? null) : i
    last.set(key, i)
    for (const [process, f, value] of [
      [i % 3, 'write', i],
      [3 + (i % 2), 'read', read],
    ])
      for (const type of ['invoke', 'ok']) {
        const said = f === 'read' && type === 'invoke' ? null : value
        lines.push(JSON.stringify({ process, type, f, key: `k${key}`, value: said }))
      }
  }
  return lines
}

/** Removes the file, the times, and the repeat command, which names the file. */
const json = (stdout: string) => ({ ...JSON.parse(stdout === '' ? '{}' : stdout), file: '', timing: {}, telling: {} })
const check = ['check', '--expect', 'linearizable', '--json'] as const

/** Stores the same recording as a file and as numbered parts. */
async function recorded(lines: readonly string[], put: (key: string, content: Uint8Array) => Promise<void>) {
  const file = join(temporaryDirectory(), 'history.jsonl')
  writeFileSync(file, lines.join('\n'))
  const size = Math.ceil(lines.length / 3)
  for (const n of [1, 2, 3]) {
    const part = Buffer.from(lines.slice((n - 1) * size, n * size).join('\n'))
    await put(`night/part-${n}.jsonl${n === 2 ? '.gz' : ''}`, n === 2 ? gzipSync(part) : part)
  }
  return file
}

test('a recording in an object store is checked like a file, whether it is one object or numbered parts', async () => {
  const store = await startStore()
  useStore(store.port)
  const lines = recordingOf(300, 5, 150)
  const file = await recorded(lines, store.put)
  await store.put('one.jsonl.gz', gzipSync(lines.join('\n')))
  await store.put('run/history.jsonl', lines.join('\n'))
  await store.put('run/report.html', '<html>')
  const local = await chaosHere([...check, file])
  expect(json(local.stdout).levels.linearizable.result).toBe('violated')
  for (const name of ['night/', 'night', 'one.jsonl.gz', 'run/']) {
    const stored = await chaosHere([...check, `s3://${BUCKET}/${name}`])
    expect(json(stored.stdout), name).toEqual(json(local.stdout))
    expect([stored.exitCode, stored.stderr], name).toEqual([1, ''])
  }
})

test('chaos explain and chaos diff accept the s3:// address of a recording instead of a file', async () => {
  const store = await startStore()
  useStore(store.port)
  const file = await recorded(recordingOf(60, 2, 30), store.put)
  const address = `s3://${BUCKET}/night/`
  const [stored, local] = [await chaosHere(['explain', address]), await chaosHere(['explain', file])]
  expect(stored).toMatchObject({ stderr: '', exitCode: 0 })
  expect(stored.stdout).toBe(local.stdout)
  expect(await chaosHere(['diff', file, address])).toMatchObject({ exitCode: 0 })
})

test('each line of a recording in an object store is read exactly once even if connections break', async () => {
  const store = await startStore()
  const lines = recordingOf(8_000, 7, 5_000)
  const file = await recorded(lines, store.put)
  await store.put('whole.jsonl', lines.join('\n'))
  const { network, route } = await routeTo({ host: '127.0.0.1', port: store.port })
  useStore(route.port)
  const local = await chaosHere([...check, file])
  // The fault ends each connection after this many bytes, so a recording of a megabyte takes several connections.
  const breaking = network.apply(on(pairOf('clients', 'n1').slice(1), { kind: 'limit-bytes', bytes: 177_777 }))
  for (const name of ['whole.jsonl', 'night/']) {
    const stored = await chaosHere([...check, `s3://${BUCKET}/${name}`])
    expect(json(stored.stdout), name).toEqual(json(local.stdout))
  }
  expect(breaking.hits).toBeGreaterThan(4)
})

const secret = 'hunter2-and-nobody-else'

test.each([
  [
    'there is no such bucket',
    's3://nowhere/a.jsonl',
    {},
    /there is no bucket nowhere at 127\.0\.0\.1:\d+\. Check its name, AWS_ENDPOINT_URL/,
  ],
  [
    'there is no such object',
    `s3://${BUCKET}/none.jsonl`,
    {},
    /there is no such object, and none below s3:\/\/recordings\/none\.jsonl\/\. Check/,
  ],
  [
    'there is no recording at this address',
    `s3://${BUCKET}/other/`,
    {},
    /there is no recording at this address\. Name an object, or a prefix with numbered/,
  ],
  [
    'parts are missing',
    `s3://${BUCKET}/holes/`,
    {},
    /a part of the recording is missing between part-1\.jsonl and part-3/,
  ],
  ['the key is unknown', `s3://${BUCKET}/other/`, { AWS_ACCESS_KEY_ID: 'NOBODY' }, /does not accept these credentials/],
  [
    'the secret is wrong',
    `s3://${BUCKET}/a.jsonl`,
    { AWS_SECRET_ACCESS_KEY: secret },
    /does not accept these credentials/,
  ],
  [
    'nothing listens there',
    `s3://${BUCKET}/a.jsonl`,
    { AWS_ENDPOINT_URL: 'http://me:hunter2-and-nobody-else@127.0.0.1:1' },
    /the store at 127\.0\.0\.1:1 does not answer \(ECONNREFUSED\)\. Check AWS_ENDPOINT_URL/,
  ],
  [
    'credentials are in the address',
    `s3://me:${secret}@bucket/a.jsonl`,
    {},
    /must not contain credentials.*Export AWS_ACCESS_KEY_ID/,
  ],
])(
  'a recording that cannot be read from an object store is refused with a remedy, if %s',
  async (situation, address, environment, message) => {
    const store = await startStore({ strict: situation === 'the secret is wrong' })
    await store.put('other/notes.txt', 'no history')
    await store.put('holes/part-1.jsonl', '')
    await store.put('holes/part-3.jsonl', '')
    useStore(store.port, environment)
    const { stdout, stderr, exitCode } = await chaosHere(['check', address])
    expect(stderr).toMatch(message)
    expect(stdout + stderr).not.toContain(secret)
    expect([stdout, stderr.trimEnd().split('\n').length, [3, 4].includes(exitCode ?? 0)]).toEqual(['', 1, true])
  },
)

test('if credentials for an object store are missing, the error names the environment variables for them', async () => {
  const store = await startStore()
  useStore(store.port, {
    AWS_ACCESS_KEY_ID: '',
    AWS_SECRET_ACCESS_KEY: '',
    AWS_EC2_METADATA_DISABLED: 'true',
    HOME: temporaryDirectory(),
  })
  const { stderr, exitCode } = await chaosHere(['check', `s3://${BUCKET}/a.jsonl`])
  expect(stderr).toContain('no credentials were found. Export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  expect(exitCode).toBe(4)
})
test('each command in the manual that reads from an object store exits with 0', async () => {
  const manual = readFileSync(join(root, 'packages', 'cli', 'docs', 'past-one-machine.md'), 'utf8')
  const commands = [...manual.matchAll(/^npx chaos (.*s3:.*)$/gm)].map(([, command = '']) => command.split(' '))
  expect(commands.length).toBe(3)
  const store = await startStore()
  useStore(store.port)
  const lines = recordingOf(60, 2)
  await recorded(lines, store.put)
  await store.put('one.jsonl.gz', gzipSync(lines.join('\n')))
  for (const command of commands) expect((await chaosHere(command)).exitCode, command.join(' ')).toBe(0)
})

test('an object in a store is refused if it changed after chaos listed it', async () => {
  const store = await startStore()
  useStore(store.port)
  const address = `s3://${BUCKET}/a.jsonl`
  const lines = recordingOf(20, 2)
  await store.put('a.jsonl', lines.join('\n'))
  const stored = await storedParts(address)
  expect((await readHistory(address, { stored })).operations.length).toBe(20)
  await store.put('a.jsonl', lines.join('\n').replace('"ok"', '"no"'))
  await expect(readHistory(address, { stored })).rejects.toThrow(`${address}: the object changed after chaos listed it`)
})

describe.skipIf(installed('redis-server') === undefined)(
  'a recording in an object store that is checked through a queue',
  () => {
    test('each worker fetches a stored recording with its own credentials, and no job contains credentials', async () => {
      const [queue, store] = [await queueOf(), await startStore()]
      const env = environmentOf(store.port)
      const file = await recorded(recordingOf(1_200, 12, 700), store.put)
      const worker = await joined(queue, [], env)
      const address = `s3://${BUCKET}/night/`
      const shared = await chaos([...check, address, '--queue', queue], { env })
      expect(json(shared.stdout)).toEqual(json((await chaosHere([...check, file])).stdout))
      expect(json(shared.stdout).levels.linearizable.result).toBe('violated')
      const kept = await keptIn(queue)
      expect(kept).toContain(address)
      for (const told of [kept, worker.printed(), shared.stderr, shared.stdout]) expect(told).not.toContain(KEY)
    })

    patientTest('a stored recording is refused by a worker if its address now holds another object', async () => {
      const [queue, store] = [await queueOf(), await startStore()]
      const env = environmentOf(store.port)
      await store.put('a.jsonl', recordingOf(600, 7).join('\n'))
      const checking = startChaos(['check', `s3://${BUCKET}/a.jsonl`, '--verbose', '--queue', queue], { env })
      let said = ''
      checking.child.stderr?.on('data', (chunk) => {
        said += chunk
      })
      await until(() => said.includes('no worker at'))
      await store.put('a.jsonl', recordingOf(600, 7, 300).join('\n'))
      await joined(queue, [], env)
      const { exitCode, stderr } = await checking.finished
      expect(stderr).toContain('the object changed after chaos listed it')
      expect(exitCode).toBe(4)
    })
  },
)

/** Returns everything that the queue stores about its jobs. */
async function keptIn(queue: string): Promise<string> {
  const redis = new Redis(queue)
  try {
    const kept: unknown[] = []
    for (const key of await redis.keys('*'))
      kept.push(key, (await redis.type(key)) === 'hash' ? await redis.hgetall(key) : '')
    return JSON.stringify(kept)
  } finally {
    redis.disconnect()
  }
}
