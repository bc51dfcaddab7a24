import { createRandom, nemeses } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { fitting } from '../../src/search/plan.ts'
import { strategies } from '../../src/search/strategy.ts'

const NODES = ['n1', 'n2', 'n3']
const NOTHING_KNOWN = () => ({ takeoverMs: undefined, timersMs: [] })
const lengthMs = millis(1_000)

/** The plans of each strategy for programs, from many seeds. */
function fitted(names: readonly string[]) {
  const chosen = nemeses.filter(({ name }) => names.includes(name))
  return strategies.flatMap((strategy) =>
    Array.from({ length: 30 }, (_, seed) => {
      const random = createRandom(`${strategy.name} ${seed}`)
      const planned = strategy.plan(random, NODES, lengthMs, chosen, NOTHING_KNOWN)
      return fitting(planned, { random, nemeses: chosen, nodes: NODES, lengthMs })
    }),
  )
}

describe('trial plans for programs', () => {
  test('trial plans for programs have a fault in every trial, and only faults of the chosen kinds', () => {
    for (const { schedule, reactions } of fitted(['pause'])) {
      expect(schedule.length + reactions.length).toBeGreaterThan(0)
      expect(reactions.filter(({ harm }) => harm !== 'pause')).toEqual([])
    }
  })

  test('trial plans for programs do not wait for leaders, since programs have none', () => {
    const moments = fitted(['kill', 'pause', 'partition']).flatMap(({ reactions }) => reactions)
    expect(moments.length).toBeGreaterThan(0)
    expect(moments.filter(({ moment }) => moment === 'leads')).toEqual([])
  })

  test('trial plans without chosen faults inject no faults, and more than half have periods of busy clients', () => {
    const plans = fitted([])
    expect(plans.filter(({ schedule, reactions }) => schedule.length + reactions.length > 0)).toEqual([])
    expect(plans.filter(({ busy }) => busy !== undefined).length).toBeGreaterThan(plans.length / 2)
  })
})
