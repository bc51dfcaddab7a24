import { millis } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import { type SearchedProtocol, searchSeeds, usualStrategies } from '@chaosproxy/simulator'
import { register } from '@chaosproxy/workloads'
import { expect, test, vi } from 'vitest'
import { showScenario } from '../src/search/show.ts'
import { limitsFor } from '../src/worlds/play.ts'

test('a replayed finding has the same verdict in the same words, however slow the machine is', () => {
  const protocol = findProtocol('quorum')!
  const subject: SearchedProtocol = {
    target: 'quorum',
    protocol,
    bug: undefined,
    targetSettings: { r: 1, w: 1 },
    level: 'linearizable',
    nodes: 3,
    workload: register,
    settings: {},
    operations: 60,
  }
  const [finding] = searchSeeds(subject, {
    first: 1,
    count: 50,
    strategies: usualStrategies,
    limits: limitsFor(true),
    stopAtFirst: true,
    verifyDeterminism: false,
  }).findings
  const shown = showScenario(subject, finding!.scenario, true)
  expect(shown.failure?.kind).toBe('violation')
  // Every read of the clock finds that a minute has passed.
  let minutes = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => millis(60_000 * minutes++))
  try {
    expect(showScenario(subject, finding!.scenario, true)).toMatchObject({
      failure: shown.failure,
      sentence: shown.sentence,
      steps: shown.steps,
    })
  } finally {
    clock.mockRestore()
  }
})
