import { join } from 'node:path'
import { type SearchSettings, search } from 'chaosproxy'
import { describe, expect, test } from 'vitest'
import { root } from './chaos.ts'

// The programs of examples/simulated-*: their bug is found, and many runs of the cured program find nothing.

const short = process.env['CHAOS_SOAK'] === 'short'
const FIRST_SEEDS = short ? [1] : [1, 1_001, 2_001]
const CLEAN_SEEDS = short ? 5 : 2_000

interface Example {
  readonly variable: string
  readonly bug: string
  readonly cured: string
  readonly nodes: number
  readonly losesPower?: boolean
  readonly settings: SearchSettings
}

const examples: { readonly [name: string]: Example } = {
  booking: {
    ...{ variable: 'BOOKING', bug: 'hasty', cured: 'careful', nodes: 1 },
    settings: { faults: [], workloadSettings: { cas: 0.5 } },
  },
  replicas: {
    ...{ variable: 'ANSWERS', bug: 'early', cured: 'durable', nodes: 3, losesPower: true },
    settings: { workloadSettings: { cas: 0 } },
  },
  jobs: {
    ...{ variable: 'TAKING', bug: 'hasty', cured: 'careful', nodes: 1 },
    settings: { faults: [], workload: 'queue' },
  },
  lock: {
    ...{ variable: 'LOCK', bug: 'plain', cured: 'fenced', nodes: 3 },
    settings: { faults: ['pause'], workload: 'counter', workloadSettings: { keys: 1 } },
  },
  outbox: {
    ...{ variable: 'TELLS', bug: 'once', cured: 'outbox', nodes: 3 },
    settings: { faults: ['partition'], level: 'eventual', workloadSettings: { cas: 0 } },
  },
  cache: {
    ...{ variable: 'CACHE', bug: 'aside', cured: 'leased', nodes: 1 },
    settings: { faults: [], workloadSettings: { cas: 0 } },
  },
}

/** The short soak leaves out those that other tests run, and the slowest. */
const chosen = Object.entries(examples).filter(([name]) => !short || ['jobs', 'outbox', 'cache'].includes(name))

describe.each(chosen)('simulated-%s', (name, { variable, bug, cured, nodes, losesPower, settings }) => {
  const program = (mode: string) => ({
    entry: join(root, 'examples', `simulated-${name}`, 'server.ts'),
    environment: { [variable]: mode },
    ...{ nodes, losesPower },
  })

  test.each(FIRST_SEEDS)('shows its bug within 128 seeds from %d', async (seed) => {
    const { found } = await search(program(bug), { ...settings, seed, seeds: 128, shrinkMs: 1 })
    expect(found?.kind).toBe('violation')
  })

  test(`shows nothing in ${CLEAN_SEEDS} seeds once it is cured`, async () => {
    const { found } = await search(program(cured), { ...settings, seeds: CLEAN_SEEDS })
    expect(found).toBeUndefined()
  })
})
