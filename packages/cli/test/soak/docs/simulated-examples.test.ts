import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SearchSettings, search } from 'chaosproxy'
import { describe, expect, test } from 'vitest'
import { chaos, root, temporaryDirectory } from '../../../../testing/src/chaos.ts'

// The programs of examples/simulated-*. The simulator finds the bug of each program, and finds nothing in many runs of
// the cured program. The same declarations also run as real processes, and there the cured program must not violate its
// level either.

const short = process.env['CHAOS_SOAK'] === 'short'
const FIRST_SEEDS = short ? [1] : [1, 1_001, 2_001]
const CLEAN_SEEDS = short ? 5 : 2_000
const DIRECTORY = join(root, 'examples')

interface Example {
  /** Matches the code of the `await` at which the race occurs; absent if there is no race. */
  readonly overtaken?: RegExp
  readonly variable: string
  readonly bug: string
  readonly cured: string
  readonly nodes: number
  readonly redis?: 'simulated'
  readonly beside?: { readonly pg: { readonly postgres: string } }
  readonly settings: SearchSettings
}

const examples: { readonly [name: string]: Example } = {
  booking: {
    overtaken: /await paid\(\)/,
    ...{ variable: 'BOOKING', bug: 'hasty', cured: 'careful', nodes: 1 },
    settings: { faults: [], workloadSettings: { cas: 0.5 } },
  },
  replicas: {
    ...{ variable: 'ANSWERS', bug: 'early', cured: 'durable', nodes: 3 },
    settings: { workloadSettings: { cas: 0 } },
  },
  jobs: {
    overtaken: /await written\(/,
    ...{ variable: 'TAKING', bug: 'hasty', cured: 'careful', nodes: 1 },
    settings: { faults: [], workload: 'queue' },
  },
  lock: {
    overtaken: /await redis\.(?:get|set)\(key|await render\(\)/,
    ...{ variable: 'LOCK', bug: 'plain', cured: 'fenced', nodes: 3, redis: 'simulated' },
    settings: { faults: ['pause'], workload: 'counter', workloadSettings: { keys: 1 } },
  },
  shop: {
    overtaken: /await (?:client\.query|work)\(/,
    ...{ variable: 'SHOP', bug: 'hasty', cured: 'careful', nodes: 2 },
    beside: { pg: { postgres: join(DIRECTORY, 'simulated-shop', 'schema.sql') } },
    settings: { faults: [], workload: 'counter' },
  },
  outbox: {
    ...{ variable: 'TELLS', bug: 'once', cured: 'outbox', nodes: 3 },
    settings: { faults: ['partition'], level: 'eventual', workloadSettings: { cas: 0 } },
  },
  cache: {
    overtaken: /await inDatabase\(/,
    ...{ variable: 'CACHE', bug: 'aside', cured: 'leased', nodes: 1 },
    settings: { faults: [], workloadSettings: { cas: 0 } },
  },
}

/**
 * The short soak takes two examples. It leaves out the slowest examples, and those that other tests run. In one of the
 * two, the network delivers whole messages.
 */
const chosen = Object.entries(examples).filter(([name]) => !short || ['outbox', 'cache'].includes(name))

describe.each(chosen)('simulated-%s', (name, { overtaken, variable, bug, cured, ...example }) => {
  const { nodes, redis, beside, settings } = example
  const program = (mode: string) => ({
    entry: join(root, 'examples', `simulated-${name}`, 'server.ts'),
    environment: { [variable]: mode, PRIMARY: 'http://{peer.n1}', OWNER: 'http://{peer.n1}' },
    ...{ nodes, redis, beside },
  })

  test.each(FIRST_SEEDS)('a simulated example shows its bug within 128 seeds from %d', async (seed) => {
    const { found } = await search(program(bug), { ...settings, seed, seeds: 128, shrinkMs: 1 })
    expect(found?.kind).toBe('violation')
  })

  test.each(short && name !== 'cache' ? [] : [bug])(
    'the bug of a simulated example also appears with --http messages (%s), and again in a replay',
    async () => {
      const cwd = join(DIRECTORY, `simulated-${name}`)
      const options = ['--seeds', '128', '--shrink', '1ms', '--out', temporaryDirectory(), '--json']
      const { stdout } = await chaos(['simulate', bug, '--http', 'messages', ...options], { cwd })
      const [failure] = JSON.parse(stdout).failures
      expect(failure.kind).toBe('violation')
      const replayed = await chaos(['replay', failure.replay, '--program', './server.ts'], { cwd })
      expect(replayed.stdout).toContain('the same history as was recorded, to the byte')
    },
  )

  test.skipIf(short && overtaken === undefined)(
    'the bug of a simulated example is reported with the line of the await that another request overtook, if any',
    async () => {
      const cwd = join(DIRECTORY, `simulated-${name}`)
      const options = ['--seeds', '128', '--shrink', '4s', '--out', temporaryDirectory(), '--json']
      const { stdout } = await chaos(['simulate', bug, ...options], { cwd })
      const [failure] = JSON.parse(stdout).failures
      const line: number | undefined = failure.race?.overtaken.lines[0]
      const source = readFileSync(join(cwd, 'server.ts'), 'utf8').split('\n')
      if (overtaken === undefined) expect(line).toBeUndefined()
      else expect(source[(line ?? 0) - 1]).toMatch(overtaken)
    },
  )

  test(`the fixed variant of a simulated example shows no bug in ${CLEAN_SEEDS} seeds`, async () => {
    const { found } = await search(program(cured), { ...settings, seeds: CLEAN_SEEDS })
    expect(found).toBeUndefined()
  })
})

/** Returns the allowed logins of a recorded history. */
const admittedIn = (file: string): readonly { readonly key: string }[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type, value }) => type === 'ok' && value === true)

// The function `search` knows only the built-in workloads. The workload of this example is a file, so the test runs the
// command `chaos simulate`.
describe.skipIf(short)('simulated-limiter', () => {
  const searched = async (mode: string, seed: number, seeds: number) => {
    const extent = ['--seed', String(seed), '--seeds', String(seeds), '--shrink', '1s', '--out', temporaryDirectory()]
    const cwd = join(root, 'examples', 'simulated-limiter')
    const { exitCode, stdout } = await chaos(['simulate', mode, ...extent, '--json'], { cwd })
    return { exitCode, result: JSON.parse(stdout) }
  }

  test.each(FIRST_SEEDS)(
    'the simulated limiter admits more than five requests of one name within 128 seeds from %d',
    async (seed) => {
      const { exitCode, result } = await searched('hasty', seed, 128)
      expect(result).toMatchObject({ found: true, failures: [{ kind: 'violation' }] })
      expect(exitCode).toBe(1)
      const admitted = admittedIn(result.failures[0].history).map(({ key }) => key)
      const most = Math.max(...admitted.map((name) => admitted.filter((other) => other === name).length))
      expect(most).toBeGreaterThan(5)
    },
  )

  test(`the fixed simulated limiter admits at most five requests of one name in ${CLEAN_SEEDS} seeds`, async () => {
    const { exitCode, result } = await searched('careful', 1, CLEAN_SEEDS)
    expect(result).toMatchObject({ found: false, trials: CLEAN_SEEDS })
    expect(exitCode).toBe(0)
  })
})

const MODES = [
  ...Object.entries(examples).map(([name, { bug, cured }]) => [name, bug, cured] as const),
  ['limiter', 'hasty', 'careful'] as const,
]

/** The short soak runs one example, which needs a Redis and several nodes. */
const AS_PROCESSES = MODES.filter(([name]) => !short || name === 'lock')

describe.each(AS_PROCESSES)('the example simulated-%s run as processes', (name, bug, cured) => {
  const ran = async (mode: string) => {
    const options = ['--time', short ? '3s' : '20s', '--seed', '1', '--out', temporaryDirectory(), '--json']
    const cwd = join(DIRECTORY, `simulated-${name}`)
    const { exitCode, stdout, stderr } = await chaos(['run', '--target', `service:${mode}`, ...options], { cwd })
    expect([0, 1], stderr).toContain(exitCode)
    return { exitCode, result: JSON.parse(stdout) }
  }

  test('a simulated example answers requests when run as processes', async () => {
    const { result } = await ran(bug)
    expect(result).toMatchObject({ tier: 'real', trouble: [] })
    expect(result.operations.ok).toBeGreaterThan(0)
  })

  test('the fixed variant of a simulated example has no violation when run as processes', async () => {
    const { exitCode, result } = await ran(cured)
    expect(result).toMatchObject({ tier: 'real', trouble: [] })
    expect(exitCode).toBe(0)
  })
})
