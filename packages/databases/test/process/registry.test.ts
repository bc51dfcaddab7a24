import { faultDefinitions, insteadText, nemeses } from '@chaosproxy/faults'
import { protocols } from '@chaosproxy/protocols'
import { expect, test } from 'vitest'
import { targetNames, targetOf } from '../named.ts'

const targets = await Promise.all(targetNames.map(targetOf))

test('the list of targets begins with real protocols, then has simulated protocols, and then databases', () => {
  const names = protocols.map(({ name }) => name)
  expect(targets.map(({ name, tier }) => [name, tier])).toEqual([
    ...names.map((name) => [name, 'real']),
    ...names.map((name) => [`sim:${name}`, 'simulated']),
    ['etcd', 'real'],
    ['redis', 'real'],
    ['postgres', 'real'],
    ['nats', 'real'],
    ['mariadb', 'real'],
    ['zookeeper', 'real'],
    ['galera', 'real'],
    ['rabbitmq', 'real'],
    ['redis-cluster', 'real'],
  ])
})

test('a target is found by its name, and an unknown name is refused with a suggestion', async () => {
  expect((await targetOf('sim:raft')).tier).toBe('simulated')
  await expect(targetOf('sim:rfat')).rejects.toThrow('there is no target sim:rfat. Did you mean sim:raft? Known: ')
  await expect(targetOf('./none.ts')).rejects.toThrow('./none.ts')
})

test('each target accepts a fault, or refuses the fault with a reason and with alternatives that the target accepts', () => {
  for (const target of targets)
    for (const kind of faultDefinitions.map((definition) => definition.kind))
      for (const among of ['nodes', 'clients', undefined] as const) {
        const suffering = target.supports(kind, among)
        if (suffering === true) continue
        expect(suffering.not).toMatch(/\w/)
        expect(insteadText(suffering)).toMatch(/\w/)
        const refused = suffering.instead.filter((name) => {
          const nemesis = nemeses.find((each) => each.name === name)
          const named = nemesis?.kind ?? faultDefinitions.find((each) => each.kind === name)?.kind
          return named === undefined || target.supports(named, nemesis?.among) !== true
        })
        expect([target.name, kind, among, refused]).toEqual([target.name, kind, among, []])
      }
  const suffers = targets.find(({ name }) => name === 'raft')?.supports
  expect(suffers?.('lose-reply')).toBe(true)
  expect(suffers?.('clock')).toEqual({
    not: 'all processes of a machine read the same clock',
    instead: ['pause'],
    elsewhere: 'simulator',
  })
})
