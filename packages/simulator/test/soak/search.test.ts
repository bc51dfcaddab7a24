import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { millis } from '@chaosproxy/history'
import { findProtocol, type ProtocolSettingValue } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { expect, inject, test } from 'vitest'
import { causeOf, type SearchedProtocol, searchSeeds, strategies, type TrialLimits } from '../../src/index.ts'

// A search finds no failure in a correct protocol, under all faults. CHAOS_SOAK=short runs a few hundred seeds of each.
const SEEDS = process.env['CHAOS_SOAK'] === 'short' ? 400 : 20_000
const AT_ONCE = 500
const MOST_GROWTH_BYTES = 32 * 2 ** 20

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const limits: TrialLimits = {
  memoryBytes: 2 ** 28,
  now: () => millis(performance.now()),
  invariants: true,
}

test.each<readonly [string, { readonly [setting: string]: ProtocolSettingValue }]>([
  ['raft', {}],
  ['primary-replica', { sync: 'all', reads: 'primary' }],
  ['quorum', {}],
  ['paxos', {}],
  ['viewstamped', {}],
  ['chain', {}],
])(`${SEEDS} seeds of %s with settings %o cause no failure, and memory does not grow`, (target, targetSettings) => {
  const protocol = findProtocol(target)!
  const subject: SearchedProtocol = {
    target,
    protocol,
    bug: undefined,
    targetSettings,
    level: 'linearizable',
    workload: register,
    settings: {},
    nodes: undefined,
    operations: 60,
  }
  const first = inject('seed')
  let heapBytes = 0
  for (let seed = first; seed < first + SEEDS; seed += AT_ONCE) {
    const count = Math.min(AT_ONCE, first + SEEDS - seed)
    const { findings } = searchSeeds(subject, {
      first: seed,
      count,
      strategies,
      limits,
      stopAtFirst: false,
      verifyDeterminism: false,
    })
    expect(findings.map((finding) => `seed ${finding.seed}: ${causeOf(finding.failure)}`)).toEqual([])
    collectGarbage()
    const { heapUsed } = process.memoryUsage()
    if (heapBytes === 0) heapBytes = heapUsed
    expect(heapUsed - heapBytes, `after seed ${seed}`).toBeLessThan(MOST_GROWTH_BYTES)
  }
})
