import { type Nanos, nanos } from '@chaosproxy/history'
import { describe, expect, test } from 'vitest'
import { background, lanesBeside, lanesOf, signRow } from '../../src/html/story-lanes.ts'
import { cutsAfter } from '../../src/lane-order.ts'
import type { Sign, StoryTelling } from '../../src/played-story.ts'

// The lanes of Ana, n1, n3, n2 and Ben are at 10, 30, 50, 70 and 90% of the width.

const at: Nanos = nanos(0)
/** {n1 n3 | n2}. */
const between = [
  ['n1', 'n2'],
  ['n2', 'n1'],
  ['n3', 'n2'],
  ['n2', 'n3'],
] as const
const cut: Sign = { type: 'cut', at, between, text: 'partition' }
const restored: Sign = { type: 'restored', at, between, text: 'partition over' }
const call = (from: string, to: string): Sign => ({ type: 'call', at, from, to, text: '' })

const telling: StoryTelling = {
  ...{ kind: 'accident', title: '', setting: '', clients: ['Ana', 'Ben'], nodes: ['n1', 'n2', 'n3'] },
  steps: [{ what: '', text: '', signs: [call('Ana', 'n1'), cut, call('Ben', 'n2')] }],
  ...{ verdicts: [], ending: '', differences: [] },
}
const lanes = lanesOf(telling)

const wallsIn = (row: string): readonly string[] =>
  Array.from(row.matchAll(/class="wall" x="([\d.]+%)"/g), ([, x]) => `${x}`)

test('nodes on one side of a partition have neighbouring lanes in a scenario, so that one barrier is drawn', () => {
  expect(lanes.map(({ name }) => name)).toEqual(['Ana', 'n1', 'n3', 'n2', 'Ben'])
  expect(wallsIn(signRow(cut, lanes, cutsAfter([], cut)).html)).toEqual(['59%'])
})

test('two nodes that a partial partition separates have neighbouring lanes in a scenario', () => {
  const one: Sign = { type: 'cut', at, between: [['n1', 'n2']], text: 'late' }
  const signs = [call('Ana', 'n1'), one, call('Ben', 'n3')]
  const late = lanesOf({ ...telling, steps: [{ what: '', text: '', signs }] })
  expect(late.map(({ name }) => name)).toEqual(['Ana', 'n1', 'n2', 'n3', 'Ben'])
  expect(wallsIn(background(late, cutsAfter([], one)).html)).toEqual(['39%'])
  const far: Sign = { type: 'cut', at, between: [['n1', 'n3']], text: 'late' }
  const others = [call('Ana', 'n2'), far, call('Ben', 'n3')]
  const order = lanesOf({ ...telling, steps: [{ what: '', text: '', signs: others }] }).map(({ name }) => name)
  expect(order).toEqual(['Ana', 'n2', 'n1', 'n3', 'Ben'])
})

test('two scenarios side by side have the same order of lanes if they have equal clients and nodes', () => {
  const uncut = { ...telling, steps: [] }
  expect(lanesBeside(lanes, uncut)).toEqual(lanes)
  expect(lanesOf(uncut)).not.toEqual(lanes)
  const fewer = { ...uncut, nodes: ['n1', 'n2'] }
  expect(lanesBeside(lanes, fewer)).toEqual(lanesOf(fewer))
})

test('the barrier between partitioned nodes is drawn in a scenario only while the partition lasts', () => {
  const walls = cutsAfter([], cut)
  expect(wallsIn(background(lanes, walls).html)).toEqual(['59%'])
  expect(wallsIn(background(lanes, cutsAfter(walls, restored)).html)).toEqual([])
})

test('the name of a partition is at the barrier between its nodes, even after the partition has ended', () => {
  expect(signRow(cut, lanes, cutsAfter([], cut)).html).toContain('<text x="60%" y="22" class="t2">partition<')
  const after = signRow(restored, lanes, cutsAfter(cutsAfter([], cut), restored)).html
  expect(after).toContain('<text x="60%" y="22" class="t2">partition over<')
  expect(wallsIn(after)).toEqual([])
})

test('the name of a cut is placed between the lanes of its nodes if the lanes are not neighbours', () => {
  const far: Sign = { type: 'cut', at, between: [['n1', 'n2']], text: 'loss' }
  expect(signRow(far, lanes, cutsAfter([], far)).html).toContain('<text x="50%" y="22" class="t2">loss<')
})

describe('a message in a story that does not arrive', () => {
  const endOf = (from: string, to: string, walls = cutsAfter([], cut)): string | undefined => {
    const sign: Sign = { type: 'message', at, from, to, text: 'x', fate: 'held' }
    return /class="flow message stopped" x1="[\d.]+%" y1="22" x2="([\d.]+%)"/.exec(
      signRow(sign, lanes, walls).html,
    )?.[1]
  }

  test('an undelivered message in a scenario is drawn up to the barrier of the partition, from either side', () => {
    expect(endOf('n1', 'n2')).toBe('60%')
    expect(endOf('n2', 'n1')).toBe('60%')
    expect(endOf('n3', 'n2')).toBe('60%')
  })

  test('an undelivered message in a scenario is drawn halfway if no barrier is between the two nodes', () => {
    expect(endOf('n1', 'n3')).toBe('40%')
    expect(endOf('n1', 'n2', [])).toBe('50%')
  })
})
