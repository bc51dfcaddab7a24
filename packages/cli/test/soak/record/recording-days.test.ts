import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createRandom } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import { openRecordFile } from '@chaosproxy/proxy'
import { createRecorder } from '@chaosproxy/recorder'
import { violationText } from '@chaosproxy/runner'
import { expect, inject, test } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, startRedis } from '../../../../testing/src/servers.ts'
import { judgeRecord } from '../../../src/proxy/judged-record.ts'
import { until } from '../../processes.ts'
import { startProxy } from '../../proxy-process.ts'

// A recording without an end is judged while it grows. CHAOS_SOAK=short records fewer operations in the 24 simulated
// hours, and takes seconds instead of minutes.
const short = process.env['CHAOS_SOAK'] === 'short'
const MB = 1_000_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const descriptors = (pid: number | 'self'): number => readdirSync(`/proc/${pid}/fd`).length

/**
 * The maximum number of descriptors of files that are being closed or compressed, for the clients' record and the
 * backend's record together.
 */
const BRIEFLY = 10

const HOURS = 24
const PER_HOUR = short ? 8_000 : 200_000
const HOUR_NANOS = 3_600_000_000_000
const KEYS = 300
const CLIENTS = 12
/** The number of operations of a connection before its client opens a new one. */
const LIFE = 300

test('a recording of 24 simulated hours keeps memory and descriptors constant, and reports a late violation at once', async () => {
  const random = createRandom(inject('seed'))
  const directory = join(temporaryDirectory(), 'parts')
  let now = 0
  const parts = { everyMs: 3_600_000, compress: true, keep: 3 }
  const header = () => ({ chaos: 1 as const, model: 'register', initial: null })
  const file = openRecordFile(directory, { header, parts })
  const backend = openRecordFile(join(directory, 'backend'), { header, parts })
  const { sink, judging } = judgeRecord(file, 'register', () => recorder)
  const recorder = createRecorder({ now: () => nanos(now), client: sink, backend })
  recorder.startsWith({ value: null })
  const told: string[] = []
  judging.onViolation((violation) => told.push(violationText(violation)))

  const store = new Map<string, number>()
  const open = (client: number) => recorder.connection({ node: 'n1', client: `127.0.0.1:${client}` })
  const clients = Array.from({ length: CLIENTS }, (_, i) => ({
    connection: open(i),
    used: 0,
    end: undefined as (() => void) | undefined,
  }))
  let value = 0

  /** Begins an operation. The returned function completes it; in rare cases, the operation gets no reply. */
  function begin(connection: (typeof clients)[number]['connection'], f: 'read' | 'write', key: string) {
    const written = f === 'write' ? ++value : null
    const exchange = connection.beginWhole(nanos(now))
    exchange.called({
      kind: 'operations',
      calls: [{ f, key, value: written, harmless: f === 'read' }],
      session: undefined,
    })
    exchange.forwarded(nanos(now))
    return (isLost: boolean): void => {
      if (written !== null) store.set(key, written)
      const completion = { type: 'ok', value: written ?? store.get(key) ?? null } as const
      exchange.answered(nanos(now), [completion])
      if (isLost) exchange.lostForClient(nanos(now), 'the connection was cut')
      else exchange.delivered(nanos(now), [completion])
    }
  }

  const heap: number[] = []
  const files: number[] = []
  for (let hour = 0; hour < HOURS; hour++) {
    for (let i = 0; i < PER_HOUR; ) {
      now = hour * HOUR_NANOS + Math.floor((i / PER_HOUR) * HOUR_NANOS)
      const at = random.integer(CLIENTS)
      const client = clients[at]!
      if (client.end === undefined) {
        i++
        const end = begin(client.connection, random.chance(0.5) ? 'read' : 'write', `key-${random.integer(KEYS)}`)
        client.end = () => end(random.chance(0.001))
      } else {
        client.end()
        client.end = undefined
        if (++client.used < LIFE) continue
        client.connection.hungUp()
        client.connection = open(at)
        client.used = 0
      }
      if (i % 1_000 > 0) continue
      await turn()
      for (const each of [file, backend]) await new Promise<void>((relieved) => each.whenRelieved(relieved))
      expect(judging.judged()).toEqual({ level: 'linearizable', soFar: 'linearizable' })
    }
    collectGarbage()
    heap.push(process.memoryUsage().heapUsed / MB)
    files.push(descriptors('self'))
  }
  expect(Math.max(...heap.slice(-6)), heap.join(' MB, ')).toBeLessThan(Math.max(...heap.slice(2, 8)) * 1.2 + 5)
  expect(Math.max(...files.slice(-6)), files.join(', ')).toBeLessThanOrEqual(Math.max(...files.slice(0, 6)) + BRIEFLY)

  for (const client of clients) client.end?.()
  // Waits until old parts of the recording have been removed, because the disk does not run in virtual time. Once the
  // violation below has occurred, the recording removes no more parts.
  await until(async () => file.statistics.parts?.removed === HOURS - 3)
  expect(told).toEqual([])
  const connection = open(CLIENTS)
  for (const f of ['write', 'write'] as const) begin(connection, f, 'key-0')(false)
  store.set('key-0', value - 1)
  begin(connection, 'read', 'key-0')(false)
  expect(told).toEqual([expect.stringMatching(/^not linearizable: .* for key-0, .*part-0024\.jsonl:\d+\)$/)])
  await Promise.all([file.close(), backend.close()])
  expect(file.statistics).toMatchObject({ lostLines: 0, parts: { current: HOURS, removed: HOURS - 3 } })
  expect(readdirSync(directory).sort()).toEqual([
    'backend',
    'part-0022.jsonl.gz',
    'part-0023.jsonl.gz',
    'part-0024.jsonl.gz',
  ])
})

const SECONDS = short ? 8 : 600
const RATE = 50_000
const CONNECTIONS = 32
/**
 * The memory in MB that may be used beyond a growth of 30%. A part is compressed in this memory. Data of both views of
 * the recording (the clients' and the backends') waits there for a slow disk.
 */
const BEHIND_MB = 300
const SAMPLES = 20

const program = installed('redis-server')

test.skipIf(program === undefined)(
  `a recording of ${short ? '8 real seconds' : '10 real minutes'} at 50,000 operations a second keeps memory and descriptors constant`,
  async () => {
    const { port } = await startRedis(program ?? '')
    const out = join(temporaryDirectory(), 'parts')
    const proxy = await startProxy([
      ...['--upstream', `127.0.0.1:${port}`, '--record', 'resp', '--out', out, '--rotate', '64MB', '--keep', '3'],
      ...['--compress', '--expect', 'linearizable'],
    ])
    const pid = proxy.child.pid ?? 0
    const [{ listen }] = (await (await fetch(`${proxy.url}/v1/proxies`)).json()) as [{ readonly listen: string }]
    const load = startLoad(Number(listen.split(':').at(-1)))
    await until(load.isAnswered)
    const resident: number[] = []
    const files: number[] = []
    const startedAt = performance.now()
    for (let sample = 1; sample <= SAMPLES; sample++) {
      const until = startedAt + (sample / SAMPLES) * SECONDS * 1_000
      while (performance.now() < until) {
        load.askUpTo(((performance.now() - startedAt) / 1_000) * RATE)
        await sleep(5)
      }
      resident.push((Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / MB)
      files.push(descriptors(pid))
    }
    const asked = await load.end()
    const { judged, operations, views } = (await (await fetch(`${proxy.url}/v1/recording`)).json()) as {
      readonly judged: object
      readonly operations: number
      readonly views: readonly { readonly lostLines: number }[]
    }
    expect(judged).toEqual({ level: 'linearizable', soFar: 'linearizable' })
    expect({ operations, lost: views.map(({ lostLines }) => lostLines) }).toEqual({ operations: asked, lost: [0, 0] })
    const early = Math.max(...resident.slice(0, SAMPLES / 2))
    expect(Math.max(...resident.slice(SAMPLES / 2)), resident.join(' MB, ')).toBeLessThan(early * 1.3 + BEHIND_MB)
    expect(Math.max(...files.slice(SAMPLES / 2)), files.join(', ')).toBeLessThanOrEqual(
      Math.max(...files.slice(0, SAMPLES / 2)) + BRIEFLY,
    )
    proxy.child.kill('SIGINT')
    expect(await proxy.finished).toMatchObject({ exitCode: 0 })
  },
)

/**
 * The maximum number of commands per connection that wait for replies. It is reached if the machine is too slow for the
 * load.
 */
const MOST_AHEAD = 1_000

/** Pipelines the due commands over separate connections. Each key is used by only one connection. */
function startLoad(port: number) {
  let first = -1
  let asked = CONNECTIONS * 2
  const clients = Array.from({ length: CONNECTIONS }, () => {
    const client = { socket: connect({ port, host: '127.0.0.1' }), asked: 2, lines: 0 }
    client.socket.write(`${command('SET', 'first', `${first--}`)}${command('GET', 'first')}`)
    client.socket.on('data', (bytes) => {
      for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) client.lines++
    })
    return client
  })
  const closed = clients.map(({ socket }) => new Promise<void>((resolve) => socket.on('close', () => resolve())))
  return {
    /** Whether every connection has received a reply. */
    isAnswered: () => clients.every(({ lines }) => lines > 0),
    askUpTo(due: number): void {
      const each = Math.floor((due - asked) / CONNECTIONS / 2)
      for (const [i, client] of clients.entries()) {
        // A SET and a GET together have three lines of replies: one for SET, and two for GET.
        const ahead = client.asked - (client.lines * 2) / 3
        const pairs = Math.min(each, Math.floor((MOST_AHEAD - ahead) / 2))
        if (pairs < 1) continue
        const commands = Array.from({ length: pairs }, (_, at) => {
          const key = `key-${i}-${at % 20}`
          return `${command('SET', key, `${asked + at}`)}${command('GET', key)}`
        })
        client.socket.write(commands.join(''))
        client.asked += pairs * 2
        asked += pairs * 2
      }
    },
    async end(): Promise<number> {
      for (const { socket } of clients) socket.end()
      await Promise.all(closed)
      return asked
    },
  }
}

const LINE_FEED = 10

const command = (...words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
