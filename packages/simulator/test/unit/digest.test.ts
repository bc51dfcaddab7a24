import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import {
  digestOf,
  parseReplay,
  planTrial,
  printReplay,
  runScenario,
  type SearchedProtocol,
  strategies,
} from '../../src/index.ts'
import { runPlan } from '../../src/search/trial.ts'

// These digests were recorded once, on another machine. A seed that gives other bytes on this machine, or under this
// version of Node, fails here. A change to a protocol or to the simulator fails here, too. If the change is intended,
// record the digests again, and review the changes in the files next to them: CHAOS_RECORD=1 npx vitest run
// packages/simulator/test/unit/digest.test.ts
const RECORD = process.env['CHAOS_RECORD'] === '1'
const SEED = 20

const limits = {
  memoryBytes: 2 ** 28,
  now: () => millis(performance.now()),
  invariants: true,
}

test.each(['raft', 'primary-replica', 'master-master'])(
  'a trial of %s reproduces the recorded history to the byte',
  (target) => {
    const subject: SearchedProtocol = {
      target,
      protocol: findProtocol(target)!,
      bug: undefined,
      targetSettings: {},
      // The level that chaos replay checks. The end of a run depends on this level.
      level: target === 'raft' ? 'linearizable' : 'eventual',
      workload: register,
      settings: {},
      nodes: undefined,
      operations: 60,
    }
    const file = join(import.meta.dirname, '../recorded', `${target}.replay`)
    const scenario = runPlan(subject, planTrial(subject, strategies[0]!, SEED), limits).scenario()
    const digest = digestOf(runScenario(subject, scenario, limits).events)
    const printed = printReplay({ scenario, found: undefined, digest, invariants: true })
    if (RECORD) writeFileSync(file, printed)
    const recorded = readFileSync(file, 'utf8')
    expect(digestOf(runScenario(subject, parseReplay(recorded, file).scenario, limits).events)).toBe(
      parseReplay(recorded, file).digest,
    )
    expect(printed, 'meant? see the top of this test').toBe(recorded)
  },
)

test('parseReplay reads a file of version 1, whose compare-and-sets have the members old and new', () => {
  const file = join(import.meta.dirname, '../recorded/raft.replay')
  const present = readFileSync(file, 'utf8')
  const before = present
    .replace('"chaos": 2', '"chaos": 1')
    .replaceAll(/"value":\[(\d+|null),(\d+)\]/g, '"old":$1,"new":$2')
  expect(before).toContain('"old":11,"new":12')
  expect(parseReplay(before, file)).toEqual(parseReplay(present, file))
})

test('parseReplay accepts the old name "knobs" of targetSettings', () => {
  const file = join(import.meta.dirname, '../recorded/raft.replay')
  const present = readFileSync(file, 'utf8')
  const before = present.replace('"targetSettings":', '"knobs":')
  expect(parseReplay(before, file)).toEqual(parseReplay(present, file))
  expect(parseReplay(before, file).scenario.targetSettings).toMatchObject({ 'resize-ms': 100 })
})
