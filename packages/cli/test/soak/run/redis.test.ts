import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { installed, whySkipped } from '../../../../testing/src/servers.ts'

// The writes that Redis with Sentinels loses, and the settings that prevent this. Real servers run behind the proxy,
// started from the command line. If no failover is wanted, the Sentinels have long timeouts, because a primary may not
// respond for seconds on a busy machine. CHAOS_SOAK=short takes one seed, and one failover.
const short = process.env['CHAOS_SOAK'] === 'short'
const seeds = short ? [1] : [1, 2, 3]
const rare = short ? [] : seeds
const program = installed('redis-server')
const PATIENT = ['--set', 'down-after-ms=60000']

interface Ran {
  readonly exitCode: number | null
  readonly said: string
  /** `acknowledged`: the elements with acknowledged additions. `lost`: those that are missing from the last reads. */
  readonly acknowledged: readonly string[]
  readonly lost: readonly string[]
  readonly kinds: ReadonlySet<string>
}

interface Event {
  readonly process: number | string
  readonly type: string
  readonly f: string
  readonly key?: string
  readonly value: unknown
  readonly final?: boolean
}

async function ran(seed: number, faults: readonly object[], ...flags: readonly string[]): Promise<Ran> {
  const directory = temporaryDirectory()
  const schedule = join(directory, 'faults.json')
  mkdirSync(directory, { recursive: true })
  writeFileSync(schedule, JSON.stringify(faults))
  const which = faults.length === 0 ? 'none' : schedule
  const common = ['run', '--target', 'redis', '--seed', String(seed), '--clients', '12', '--rate', '600']
  const out = join(directory, 'out')
  const { exitCode, stdout, stderr } = await chaos([...common, '--faults', which, '--out', out, '--json', ...flags])
  expect([0, 1], `${stdout.slice(0, 2_000)} ${stderr}`).toContain(exitCode)
  const { run } = JSON.parse(stdout) as { run: string }
  return { exitCode, said: stdout, ...countLost(readFileSync(join(run, 'history.jsonl'), 'utf8')) }
}

/**
 * Counts the lost elements of sets. An element is lost if its addition was acknowledged, but the final read does not
 * contain it. Each element must have been added only once. Elements that a client tried to remove do not count.
 */
function countLost(text: string): Omit<Ran, 'exitCode' | 'said'> {
  const events = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event)
  const acknowledged = new Set<string>()
  const removed = new Set(
    events.filter(({ f }) => f === 'remove').map(({ key = '', value }) => `${key} ${String(value)}`),
  )
  const last = new Map<string, Set<string>>()
  const isFinal = new Map<Event['process'], boolean>()
  const kinds = new Set<string>()
  for (const { process, type, f, key = '', value, final } of events) {
    if (process === 'nemesis') kinds.add(f)
    if (type === 'invoke') isFinal.set(process, final === true)
    if (type !== 'ok') continue
    if (f === 'add' && !removed.has(`${key} ${String(value)}`)) acknowledged.add(`${key} ${String(value)}`)
    if (f === 'read' && isFinal.get(process)) last.set(key, new Set(value as string[]))
  }
  const lost = [...acknowledged].filter((name) => {
    const [key = '', value = ''] = name.split(' ')
    const members = last.get(key)
    return members !== undefined && !members.has(value)
  })
  return { acknowledged: [...acknowledged], lost, kinds }
}

const SETS = ['--workload', 'set', '--workload-set', 'keys=3']

describe.skipIf(program === undefined)(
  `writes of Redis${program === undefined ? `: ${whySkipped('redis-server')}` : ''}`,
  () => {
    const cut = [{ fromMs: 2_000, toMs: 12_000, kind: 'partition', links: 'isolate-leader' }]
    const CUT = ['--time', '14s', '--set', 'down-after-ms=1000', ...SETS]

    test.each(rare)(
      'Redis loses writes that an isolated primary acknowledged, but fewer with min-replicas (seed %i)',
      async (seed) => {
        const plain = await ran(seed, cut, ...CUT, '--expect', 'eventual')
        expect(plain.exitCode).toBe(1)
        const refusing = await ran(seed, cut, ...CUT, '--set', 'min-replicas=1', '--expect', 'none')
        console.log(`seed ${seed}: cut off: ${shown(plain)}; with min-replicas=1: ${shown(refusing)}`)
        expect(plain.lost.length).toBeGreaterThan(refusing.lost.length)
      },
    )

    const failover = [{ fromMs: 2_000, toMs: 15_000, kind: 'failover', nodes: 'follower' }]
    const FAILOVER = ['--time', '16s', ...PATIENT, ...SETS]

    test.each(seeds)(
      'Redis loses acknowledged writes in a SENTINEL FAILOVER, but fewer with min-replicas (seed %i)',
      async (seed) => {
        const plain = await ran(seed, failover, ...FAILOVER, '--expect', 'eventual')
        expect(plain.exitCode).toBe(1)
        expect(plain.kinds).toContain('failover')
        // Even with min-replicas, a primary acknowledges a write before its replicas have received it. A failover can
        // therefore lose acknowledged writes.
        const refusing = await ran(seed, failover, ...FAILOVER, '--set', 'min-replicas=2', '--expect', 'none')
        expect(refusing.kinds).toContain('failover')
        console.log(`seed ${seed}: SENTINEL FAILOVER: ${shown(plain)}; with min-replicas=2: ${shown(refusing)}`)
        expect(plain.lost.length).toBeGreaterThan(refusing.lost.length)
      },
    )

    test.each(rare)('Redis keeps writes that WAIT 2 confirms during a SENTINEL FAILOVER (seed %i)', async (seed) => {
      const waiting = await ran(seed, failover, ...FAILOVER, '--set', 'wait=2', '--expect', 'none')
      console.log(`seed ${seed}: SENTINEL FAILOVER with wait=2: ${shown(waiting)}`)
      expect(waiting.kinds).toContain('failover')
      expect(waiting.acknowledged.length).toBeGreaterThan(0)
      expect(waiting.lost).toEqual([])
    })

    const lag = [{ fromMs: 0, toMs: 6_000, kind: 'latency', links: 'between-nodes', latencyMs: 150, jitterMs: 10 }]
    const REPLICAS = [
      '--time',
      '6s',
      ...PATIENT,
      '--set',
      'reads=replicas',
      '--workload-set',
      'cas=0',
      '--workload-set',
      'keys=3',
    ]

    test.each(seeds)(
      'a Redis client misses its own writes on delayed replicas, but the replicas agree at the end (seed %i)',
      async (seed) => {
        const { exitCode, said } = await ran(seed, lag, ...REPLICAS, '--expect', 'read-your-writes')
        expect(exitCode).toBe(1)
        const { levels } = JSON.parse(said) as { levels: { [level: string]: { result: string } } }
        expect(levels['read-your-writes']?.result).toBe('violated')
        expect(levels['eventual']?.result).toBe('met')
      },
    )

    test.each(seeds)(
      'a Redis client sees its own writes in every later read if WAIT confirms them at all replicas (seed %i)',
      async (seed) => {
        const flags = [...REPLICAS, '--set', 'wait=2', '--timeout', '5s', '--expect', 'read-your-writes']
        const { exitCode, said } = await ran(seed, lag, ...flags)
        expect(exitCode, said.slice(0, 2_000)).toBe(0)
      },
    )
  },
)

const shown = ({ lost, acknowledged }: Ran): string =>
  `${lost.length} of ${acknowledged.length} acknowledged lost (${lost.slice(0, 3).join(', ')}${lost.length > 3 ? ', …' : ''})`
