import { pacelcOf } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'

const cell = (condition: string, level: string, least = 1) => ({ condition, level, availability: { least } })

const cut = { nodes: 5, lastsMs: 3_000, timeoutMs: 1_000 }

describe('the class by PACELC', () => {
  const calm = cell('calm', 'linearizable')

  test.each([
    ['PC/EC', [calm, cell('partition', 'linearizable', 0.6)]],
    ['PA/EC', [calm, cell('partition', 'eventual')]],
    ['PA/EL', [cell('calm', 'eventual'), cell('partition', 'eventual', 0.995)]],
    ['PC/EL', [cell('calm', 'sequential'), cell('partition', 'none', 0.98)]],
  ] as const)('%s is read off levels and availability', (name, cells) => {
    expect(pacelcOf(cells, cut)).toBe(name)
  })

  test('takes the run with the least answered, and each kind of cut', () => {
    expect(pacelcOf([calm, cell('partition', 'eventual'), cell('isolate-leader', 'eventual', 0.9)], cut)).toBe('PC/EC')
  })

  test('counts late messages as a network that is whole: what they bring out is given up for latency', () => {
    expect(pacelcOf([calm, cell('partition', 'eventual'), cell('delay', 'causal')], cut)).toBe('PA/EL')
    expect(pacelcOf([calm, cell('partition', 'eventual'), cell('kill', 'none', 0)], cut)).toBe('PA/EC')
  })

  test('calls none available by a cut that its clients could wait out, nor where there is nothing to cut', () => {
    const short = { ...cut, lastsMs: 1_000 }
    expect(pacelcOf([calm, cell('partition', 'linearizable')], short)).toBeUndefined()
    expect(pacelcOf([calm, cell('partition', 'linearizable', 0.6)], short)).toBe('PC/EC')
    expect(pacelcOf([calm, cell('partition', 'linearizable')], { ...cut, nodes: 1 })).toBeUndefined()
  })

  test('is not told of a system that was not cut, or whose level is not decided', () => {
    expect(pacelcOf([calm, cell('kill', 'linearizable')], cut)).toBeUndefined()
    expect(pacelcOf([cell('calm', 'unknown'), cell('partition', 'linearizable')], cut)).toBeUndefined()
    expect(pacelcOf([cell('calm', 'unknown'), cell('delay', 'causal'), cell('partition', 'none')], cut)).toBe('PA/EL')
  })
})
