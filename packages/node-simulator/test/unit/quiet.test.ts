import { expect, test } from 'vitest'
import { Quiet } from '../../src/world/quiet.ts'
import type { World } from '../../src/world/world.ts'

test('final reads wait for packets between nodes, for at most three seconds', () => {
  const queue = { now: 0 }
  const network = { underWay: 1 }
  const keepers = [{ changedAt: 0, isAnswering: false, isBusy: false }]
  const quiet = new Quiet({ world: { queue } as unknown as World, network, nodes: () => [], keepers })
  expect(quiet.isQuiet).toBe(false)
  network.underWay = 0
  expect(quiet.isQuiet).toBe(true)
  network.underWay = 1
  queue.now = 2_999e6
  expect(quiet.isQuiet).toBe(false)
  queue.now = 3_000e6
  expect(quiet.isQuiet).toBe(true)
})
