import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { minimise, searchSeeds, usualStrategies } from '@chaosproxy/simulator'
import { register } from '@chaosproxy/workloads'
import { describe, expect, test } from 'vitest'
import { limitsFor } from '../../../../engine/src/worlds/play.ts'
import { guardedProtocol, simulateSpec } from '../../../../engine/src/worlds/simulator.ts'
import { vetProtocol } from '../../../../targets/src/registry.ts'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { type Misbehaving, misbehaving } from '../../run/misbehaving.ts'

// The test in soak/run/misbehaving.test.ts passes each protocol in `misbehaving` to chaos commands, also for real
// processes.

function written({ source }: Misbehaving): string {
  const file = join(temporaryDirectory(), 'mine.mjs')
  writeFileSync(file, source)
  return file
}

const spec = {
  target: { name: 'sim:./mine.ts', settings: {} },
  workload: { name: 'register', settings: { keys: 3 } },
  nodes: 3,
  clients: 6,
  rate: 200,
  timeMs: millis(500),
  timeoutMs: millis(300),
  faults: [],
  seed: 1,
  checkMs: millis(10_000),
}

function firstFinding(protocol: ProtocolDefinition) {
  const subject = {
    target: 'mine.mjs',
    protocol,
    bug: undefined,
    targetSettings: {},
    level: 'linearizable',
    nodes: 3,
    workload: register,
    settings: {},
    operations: 60,
  } as const
  // A clock that advances by one per candidate, so that the search is the same on every machine.
  let time = 0
  const limits = { ...limitsFor(true), now: () => millis(time++) }
  const search = {
    first: 2,
    count: 4,
    strategies: usualStrategies,
    limits,
    stopAtFirst: true,
    verifyDeterminism: false,
  }
  const [finding] = searchSeeds(subject, search).findings
  return { finding, smallest: finding && minimise(subject, finding, { limits, budgetMs: millis(400) }) }
}

test('the list `misbehaving` has more than forty protocols, with distinct names', () => {
  expect(misbehaving.length).toBeGreaterThan(40)
  expect(new Set(misbehaving.map(({ name }) => name)).size).toBe(misbehaving.length)
})

describe('a misbehaving protocol', () => {
  const cases = misbehaving.filter(({ unusable, endless }) => !unusable && !endless)
  test.each(cases.map((one) => [one.name, one] as const))(
    'a search and a simulated run report a protocol that %s',
    async (_, one) => {
      const protocol = await guardedProtocol(written(one))
      const { finding, smallest } = firstFinding(protocol)
      expect(finding?.failure).toMatchObject({ kind: 'broken', what: expect.stringMatching(one.says) })
      // Three writes suffice to reproduce every failure.
      expect(smallest?.operations.length).toBeLessThanOrEqual(3)
      const run = await simulateSpec({ spec }, protocol, () => false)
      expect(run.failure).toMatch(one.says)
    },
  )

  test('a protocol that throws an error is reported with the line of the protocol file that threw the error', async () => {
    const protocol = await guardedProtocol(written(misbehaving.find(({ name }) => name === 'throws')!))
    const { finding } = firstFinding(protocol)
    expect(finding?.failure).toHaveProperty('trace', [expect.stringMatching(/^at .*mine\.mjs:\d+:\d+\)$/)])
  })
})

describe('an unusable protocol file', () => {
  const cases = misbehaving.filter(({ unusable }) => unusable)
  test.each(cases.map((one) => [one.name, one] as const))(
    'a protocol file is refused with the reason if it %s',
    async (_, one) => {
      await expect(vetProtocol(written(one))).rejects.toThrow(one.says)
    },
  )

  test('a protocol file that ends the process of chaos fuzz when it is loaded is refused with exit code 3', async () => {
    const one = misbehaving.find(({ name }) => name === 'ends the process')!
    const { exitCode, stderr } = await chaosHere(['fuzz', '--protocol', written(one), '--out', temporaryDirectory()])
    expect(stderr).toMatch(one.says)
    expect(exitCode).toBe(3)
  })
})
