import { millis } from '@chaos/history'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareStamps,
  createMasterMaster,
  type MasterMasterState,
  type Version,
} from '../src/master-master/machine.ts'

const stamp = fc.record({
  time: fc.integer({ min: 0, max: 3 }),
  node: fc.constantFrom('n1', 'n2', 'n3'),
  count: fc.integer({ min: 1, max: 3 }),
})

test('stamps are in one total order', () => {
  fc.assert(
    fc.property(stamp, stamp, stamp, (a, b, c) => {
      expect(Math.sign(compareStamps(a, b)) + Math.sign(compareStamps(b, a))).toBe(0)
      if (compareStamps(a, b) < 0 && compareStamps(b, c) < 0) expect(compareStamps(a, c)).toBeLessThan(0)
      if (compareStamps(a, b) === 0) expect(a).toEqual(b)
    }),
  )
})

const config = { retransmitMs: millis(100), resolutionMs: millis(1), bug: undefined }

/** What a node holds after it was told these versions, in this order. */
function told(versions: readonly Version[]): MasterMasterState {
  const machine = createMasterMaster(config)
  let { state } = machine.start({ id: 'n9', peers: ['n1'], seed: 1 }, [], millis(0))
  for (const version of versions) {
    const message = { type: 'versions', versions: [version] } as const
    state = machine.step(state, { type: 'message', from: 'n1', message }, millis(0)).state
  }
  return state
}

test('copies that were told the same agree, whatever the order and however often', () => {
  // A stamp is given once: what bears the same stamp is the same write.
  const version = stamp.map((s): Version => ({ key: 'x', value: `${s.time} ${s.node} ${s.count}`, stamp: s }))
  fc.assert(
    fc.property(fc.array(version, { minLength: 1 }), fc.array(version), (versions, again) => {
      const once = told([...versions, ...again])
      const twice = told([...again, ...versions.toReversed(), ...versions])
      expect(twice.versions.get('x')).toEqual(once.versions.get('x'))
    }),
  )
})

test('what a peer has not confirmed is sent again, and what it has is not', () => {
  const machine = createMasterMaster(config)
  let { state } = machine.start({ id: 'n1', peers: ['n2'], seed: 1 }, [], millis(0))
  const input = { f: 'write', key: 'x', value: 1 }
  state = machine.step(state, { type: 'request', requestId: 'r1', input }, millis(5)).state
  const again = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(105)).effects
  expect(again).toContainEqual(expect.objectContaining({ type: 'send', to: 'n2' }))
  const keys = [{ key: 'x', stamp: state.versions.get('x')!.stamp }]
  const confirmed = { type: 'message', from: 'n2', message: { type: 'received', keys } } as const
  state = machine.step(state, confirmed, millis(106)).state
  const { effects } = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(205))
  expect(effects.filter((effect) => effect.type === 'send')).toEqual([])
})

test('a node restarted tells everything again', () => {
  const machine = createMasterMaster(config)
  const version: Version = { key: 'x', value: 1, stamp: { time: 1, node: 'n1', count: 1 } }
  const { state } = machine.start({ id: 'n1', peers: ['n2'], seed: 1 }, [version], millis(0))
  const { effects } = machine.step(state, { type: 'timer', timer: 'gossip' }, millis(100))
  expect(effects).toContainEqual({ type: 'send', to: 'n2', message: { type: 'versions', versions: [version] } })
})
