import { protocols } from '@chaos/protocols'
import { embeddedTargets, findTarget, targetNames } from '@chaos/targets'
import { expect, test } from 'vitest'

test('every protocol is a target, under its own name', () => {
  expect(targetNames).toEqual(protocols.map((protocol) => protocol.name))
  for (const protocol of protocols) expect(findTarget(protocol.name)?.protocol).toBe(protocol)
  expect(findTarget('nothing of the kind')).toBeUndefined()
})

test('every target says of every fault whether it can suffer it, and how or why not', () => {
  for (const { faults } of embeddedTargets) {
    expect(Object.keys(faults).sort()).toEqual(
      [
        ...['bandwidth', 'corrupt', 'duplicate', 'latency', 'loss', 'partition', 'reorder', 'reset'],
        ...['clock', 'crash', 'kill', 'pause'],
      ].sort(),
    )
    for (const suffering of Object.values(faults))
      expect(suffering.possible ? suffering.how : suffering.reason).toMatch(/\w/)
    expect(faults.loss).toEqual({
      possible: true,
      how: 'the proxy leaves out messages between nodes, which are lines of JSON',
    })
  }
})
