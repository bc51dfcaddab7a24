import { protocols } from '@chaos/protocols'
import { targetOf, targets } from '@chaos/targets'
import { expect, test } from 'vitest'

test('every protocol is a target as real processes, and one in the simulator', () => {
  const names = protocols.map(({ name }) => name)
  expect(targets.map(({ name, tier }) => [name, tier])).toEqual([
    ...names.map((name) => [name, 'real']),
    ...names.map((name) => [`sim:${name}`, 'simulated']),
  ])
})

test('a target is found by its name, and one that is not there suggests another', async () => {
  expect((await targetOf('sim:raft')).tier).toBe('simulated')
  await expect(targetOf('sim:rfat')).rejects.toThrow('there is no target sim:rfat. Did you mean sim:raft? Known: ')
  await expect(targetOf('./none.ts')).rejects.toThrow('./none.ts')
})

test('every target says of every fault whether it can suffer it, and how or why not, and what to do instead', () => {
  const kinds = [
    ...(['bandwidth', 'corrupt', 'duplicate', 'latency', 'loss', 'partition', 'reorder', 'reset'] as const),
    ...(['clock', 'crash', 'kill', 'pause'] as const),
  ]
  for (const target of targets)
    for (const kind of kinds) {
      const suffering = target.suffers(kind)
      if (suffering.possible) expect(suffering.how).toMatch(/\w/)
      else expect(`${suffering.reason} ${suffering.instead}`).toMatch(/\w .*\w/)
    }
  expect(targets.find(({ name }) => name === 'raft')?.suffers('loss')).toEqual({
    possible: true,
    how: 'the proxy leaves out messages between nodes, which are lines of JSON',
  })
})
