import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findServer } from '../../../../../targets/src/client-kinds/postgres/programs.ts'
import { chaos, temporaryDirectory } from '../../../../../testing/src/chaos.ts'

// Tests the levels of PostgreSQL on real clusters. CHAOS_SOAK=short uses one seed per test.
const seeds = process.env['CHAOS_SOAK'] === 'short' ? [1] : [1, 2, 3]
const liveDescribe = describe.skipIf(findServer() === undefined)

const hold = (links: readonly string[], fromMs: number, toMs: number, mode = 'hold') => ({
  ...{ kind: 'partition', links, mode, fromMs, toMs },
})

async function run(seed: number, faults: readonly object[] | string, args: readonly string[]) {
  const out = temporaryDirectory()
  const schedule = join(out, 'schedule.json')
  if (typeof faults !== 'string') writeFileSync(schedule, JSON.stringify(faults))
  const chosen = [
    '--faults',
    typeof faults === 'string' ? faults : schedule,
    '--seed',
    String(seed),
    '--out',
    join(out, 'runs'),
  ]
  const { stdout, stderr, exitCode } = await chaos(['run', '--target', 'postgres', '--json', ...chosen, ...args])
  if (stdout === '') throw new Error(`exit code ${exitCode}: ${stderr}`)
  const [directory = ''] = readdirSync(join(out, 'runs'))
  const lines = readFileSync(join(out, 'runs', directory, 'history.jsonl'), 'utf8')
    .trim()
    .split('\n')
  return { exitCode, result: JSON.parse(stdout), operations: operationsOf(lines.slice(1)) }
}

interface Event {
  readonly process: number | string
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  readonly f: string
  readonly key?: string
  readonly node?: string
  readonly value: unknown
  readonly time: number
}

interface Operation {
  readonly f: string
  readonly key: string
  readonly node: string
  /** The written or read value. */
  readonly value: unknown
  readonly type: Event['type']
  readonly call: number
  /** When the operation ended; infinite if its outcome is unknown. */
  readonly end: number
}

function operationsOf(lines: readonly string[]): Operation[] {
  const open = new Map<Event['process'], Event>()
  const found: Operation[] = []
  for (const line of lines) {
    const event = JSON.parse(line) as Event
    if (event.type === 'invoke') open.set(event.process, event)
    const invocation = open.get(event.process)
    if (event.type === 'invoke' || invocation === undefined) continue
    const { f, key = '', node = '', time } = invocation
    const value = f === 'read' ? event.value : invocation.value
    const end = event.type === 'info' ? Number.POSITIVE_INFINITY : event.time
    found.push({ f, key, node, value, type: event.type, call: time, end })
    open.delete(event.process)
  }
  return found
}

const reads = (operations: readonly Operation[]) => operations.filter(({ f, type }) => f === 'read' && type === 'ok')

/**
 * Returns a function that finds the write of the value that a read returned. The function returns undefined for the
 * initial value.
 */
function writesOf(operations: readonly Operation[]): (read: Operation) => Operation | undefined {
  const written = new Map(
    operations.filter(({ f }) => f === 'write').map((write) => [`${write.key} ${write.value}`, write]),
  )
  return ({ key, value }) => written.get(`${key} ${value}`)
}

/** Returns the stale reads. A read is stale if an acknowledged write had replaced its value before the read began. */
function staleAfterAcknowledgement(operations: readonly Operation[]): readonly Operation[] {
  const writeOf = writesOf(operations)
  const acknowledged = operations.filter(({ f, type }) => f === 'write' && type === 'ok')
  return reads(operations).filter((read) => {
    const replaced = writeOf(read)?.end ?? Number.NEGATIVE_INFINITY
    return acknowledged.some(({ key, call, end }) => key === read.key && call > replaced && end < read.call)
  })
}

liveDescribe('PostgreSQL with asynchronous standbys', () => {
  test.each(seeds)(
    'asynchronous standbys of PostgreSQL return stale reads, and agree at the end (seed %d)',
    async (seed) => {
      const args = ['--set', 'commit=async', '--set', 'reads=replicas', '--time', '10s']
      const { exitCode, result, operations } = await run(
        seed,
        [{ kind: 'latency', latencyMs: 300, links: 'between-nodes', fromMs: 500, toMs: 9500 }],
        args,
      )
      expect(result.levels.linearizable.result).toBe('violated')
      expect(result.levels.eventual.result).toBe('met')
      expect(exitCode).toBe(0)
      expect(staleAfterAcknowledgement(operations)).not.toEqual([])
    },
  )

  test.each(seeds)('the promotion of an asynchronous standby loses acknowledged writes (seed %d)', async (seed) => {
    const faults = [
      hold(['n1>n2', 'n2>n1', 'n1>n3', 'n3>n1'], 1000, 4000, 'drop'),
      { kind: 'kill', nodes: ['n1'], fromMs: 2000, toMs: 4000 },
      { kind: 'failover', nodes: ['n2'], fromMs: 2300, toMs: 4500 },
    ]
    const { result } = await run(seed, faults, [
      '--workload',
      'set',
      '--set',
      'commit=async',
      '--time',
      '5s',
      '--expect',
      'none',
    ])
    expect(result.levels.eventual.result).toBe('violated')
    expect(result.lost.length).toBeGreaterThan(0)
  })
})

liveDescribe('PostgreSQL with synchronous standbys', () => {
  test.each(seeds)(
    'synchronous standbys are not linearizable, but never return a read older than an acknowledged write (seed %d)',
    async (seed) => {
      const settings = ['--set', 'commit=remote_apply', '--set', 'synchronous=FIRST 2', '--set', 'reads=replicas']
      const load = [
        '--keys',
        '3',
        '--clients',
        '30',
        '--rate',
        '600',
        '--operations',
        'read,write',
        '--time',
        '10s',
        '--expect',
        'none',
      ]
      const late = { kind: 'latency', latencyMs: 250, links: ['n1>n3'], fromMs: 1000, toMs: 9000 }
      const { result, operations } = await run(seed, [late], [...settings, ...load])
      expect(result.levels.linearizable.result).toBe('violated')
      expect(result.levels.eventual.result).toBe('met')
      expect(staleAfterAcknowledgement(operations)).toEqual([])
    },
  )
})

liveDescribe('a bank in PostgreSQL whose transfers read both balances and then write them', () => {
  const at = (isolation: string) =>
    run(1, 'none', [
      ...['--workload', 'bank', '--nodes', '2', '--time', '6s', '--expect', 'linearizable'],
      ...['--set', 'transfers=read-then-write', '--isolation', isolation],
    ])

  test('transfers in PostgreSQL lose and create money at read committed', { timeout: 120_000 }, async () => {
    const { exitCode, result } = await at('read-committed')
    expect([exitCode, result.levels['linearizable'].result]).toEqual([1, 'violated'])
  })

  test('transfers in PostgreSQL lose no money at repeatable read, where a conflicting transfer is refused', {
    timeout: 120_000,
  }, async () => {
    const { exitCode, result } = await at('repeatable-read')
    expect([exitCode, result.levels['linearizable'].result]).toEqual([0, 'met'])
  })
})

const WORKLOADS = process.env['CHAOS_SOAK'] === 'short' ? ['txn-list-append'] : ['txn-list-append', 'write-skew']

liveDescribe.each(WORKLOADS)('a PostgreSQL under the workload %s', (workload) => {
  const at = (isolation: string, seed: number, more: readonly string[] = []) =>
    run(seed, 'none', ['--workload', workload, '--nodes', '2', '--time', '6s', '--isolation', isolation, ...more])

  test.each(process.env['CHAOS_SOAK'] === 'short' ? ['repeatable-read'] : ['read-committed', 'repeatable-read'])(
    'PostgreSQL is not serializable at the isolation level %s',
    { timeout: 120_000 },
    async (isolation) => {
      const { exitCode, result } = await at(isolation, 1, ['--expect', 'serializable'])
      expect(result.levels['serializable'].result).toBe('violated')
      expect(result.levels['read-committed'].result).toBe('met')
      if (isolation === 'repeatable-read') expect(result.levels['strong-snapshot-isolation'].result).toBe('met')
      expect(exitCode).toBe(1)
    },
  )

  test.each(seeds)(
    'PostgreSQL at isolation serializable is strictly serializable under kills and partitions (seed %d)',
    { timeout: 120_000 },
    async (seed) => {
      const calm = await at('serializable', seed)
      expect([calm.exitCode, calm.result.levels['strict-serializable'].result]).toEqual([0, 'met'])
      const chosen = ['--workload', workload, '--nodes', '2', '--time', '10s', '--isolation', 'serializable']
      const { exitCode, result } = await run(seed, 'kill,partition', chosen)
      expect([exitCode, result.levels['strict-serializable'].result]).toEqual([0, 'met'])
    },
  )
})
