import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { liveLine } from '../../../src/run/show-progress.ts'
import { clippedLines } from '../../../src/terminal/progress.ts'

const calm = {
  stage: 'working',
  elapsed: nanos(12e9),
  counts: { ok: 38_201, fail: 12, info: 148 },
  level: 'linearizable',
  soFar: 'linearizable',
  activeFaults: [],
  nodes: [],
  leader: { node: 'n5', term: 4 },
} as const

test('the live line of a run shows its progress and the verdict so far', () => {
  expect(liveLine(calm, 20_000, 3_412)).toBe(
    '00:12 / 00:20   3,412 ops/s   ok 38,201  fail 12  info 148   leader n5 (term 4)\n    so far: linearizable',
  )
})

test('the live line of a run names the faults in force', () => {
  const fault = { kind: 'pause', nodes: ['n1'] } as const
  const line = liveLine({ ...calm, soFar: 'not linearizable', activeFaults: [fault] }, 20_000, 3_412)
  expect(line.split('\n')[1]).toBe('    now: n1 paused   so far: not linearizable')
})

test('the live line is clipped to the width of the terminal, so that it can be overwritten completely', () => {
  const line = liveLine({ ...calm, counts: { ok: 381_201, fail: 1_012, info: 1_148 } }, 20_000, 13_412)
  expect(Math.max(...line.split('\n').map(({ length }) => length))).toBeGreaterThan(76)
  const shown = clippedLines(line, 80).split('\n')
  expect(shown).toHaveLength(2)
  for (const each of shown) expect(each.length).toBeLessThanOrEqual(75)
  expect(shown[0]).toMatch(/^00:12 .*…$/)
})
