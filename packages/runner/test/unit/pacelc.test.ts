import { pacelcOf } from '@chaosproxy/runner/result'
import { describe, expect, test } from 'vitest'

const cell = (condition: string, level: string, median = 1) => ({ condition, level, availability: { median } })

const cut = { nodes: 5, lastsMs: 3_000, timeoutMs: 1_000 }

describe('the PACELC class of a system', () => {
  const calm = cell('calm', 'linearizable')

  test.each([
    ['PC/EC', [calm, cell('partition', 'linearizable', 0.6)]],
    ['PA/EC', [calm, cell('partition', 'eventual')]],
    ['PA/EL', [cell('calm', 'eventual'), cell('partition', 'eventual', 0.995)]],
    ['PC/EL', [cell('calm', 'sequential'), cell('partition', 'none', 0.98)]],
  ] as const)('the PACELC class of a system follows from levels and availability: %s', (name, cells) => {
    expect(pacelcOf(cells, cut)).toBe(name)
  })

  test('the PACELC class uses the median availability under the most harmful cut', () => {
    expect(pacelcOf([calm, cell('partition', 'eventual'), cell('isolate-leader', 'eventual', 0.9)], cut)).toBe('PC/EC')
  })

  test('the PACELC class has EL if a delay causes a violation, and EC if only a kill does', () => {
    expect(pacelcOf([calm, cell('partition', 'eventual'), cell('delay', 'causal')], cut)).toBe('PA/EL')
    expect(pacelcOf([calm, cell('partition', 'eventual'), cell('kill', 'none', 0)], cut)).toBe('PA/EC')
  })

  test('the PACELC class is undecided after a cut shorter than the client timeout, or without links to cut', () => {
    const short = { ...cut, lastsMs: 1_000 }
    expect(pacelcOf([calm, cell('partition', 'linearizable')], short)).toBeUndefined()
    expect(pacelcOf([calm, cell('partition', 'linearizable', 0.6)], short)).toBe('PC/EC')
    expect(pacelcOf([calm, cell('partition', 'linearizable')], { ...cut, nodes: 1 })).toBeUndefined()
  })

  test('the PACELC class is undefined without a cut, or if the consistency of the system is unknown', () => {
    expect(pacelcOf([calm, cell('kill', 'linearizable')], cut)).toBeUndefined()
    expect(pacelcOf([cell('calm', 'unknown'), cell('partition', 'linearizable')], cut)).toBeUndefined()
    expect(pacelcOf([cell('calm', 'unknown'), cell('delay', 'causal'), cell('partition', 'none')], cut)).toBe('PA/EL')
  })
})
