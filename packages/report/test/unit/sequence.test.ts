import { nanos } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { made, staleRead } from '../../../testing/src/timeline.ts'
import { renderReplay } from '../../src/terminal/search-page.ts'
import { sequenceColumns, sequenceSteps } from '../../src/terminal/sequence-steps.ts'
import { plainStyle } from '../../src/terminal/style.ts'

const { history } = staleRead()
const log = (lines: number) =>
  Array.from({ length: lines }, (_, i) => ({ at: nanos(i), node: 'n1', text: `says ${i}` }))
const stepsWith = (lines: number) =>
  sequenceSteps({ history, operations: [0], culprit: undefined, faults: [], log: log(lines) })

test('a story replaces its early log lines by a line that states their number', () => {
  const texts = stepsWith(22).map(({ text }) => text)
  expect(texts.filter((text) => text.startsWith('says'))).toHaveLength(16)
  expect(texts.indexOf('says 6')).toBe(texts.indexOf('(6 lines of logs left out)') + 1)
})

test('a story shows all log lines if there are few', () => {
  const texts = stepsWith(16).map(({ text }) => text)
  expect(texts.filter((text) => text.startsWith('says'))).toHaveLength(16)
  expect(texts.join()).not.toContain('left out')
})

test('a story omits empty log lines', () => {
  const lines = ['Endpoints:', '', ' '].map((text, i) => ({ at: nanos(i), node: 'n1', text }))
  const steps = sequenceSteps({ history, operations: [0], culprit: undefined, faults: [], log: lines })
  expect(steps.filter(({ tone }) => tone === 'note').map(({ text }) => text)).toEqual(['Endpoints:'])
})

test('a story shows only the first and the last of the log lines that a node repeats', () => {
  const repeated = Array.from({ length: 9 }, (_, i) => ({
    ...{ at: nanos(i), node: i % 3 === 0 ? 'n1' : 'n2', text: 'follows n3' },
  }))
  const steps = sequenceSteps({ history, operations: [0], culprit: undefined, faults: [], log: repeated })
  const notes = steps.filter(({ tone }) => tone === 'note').map(({ at, where, text }) => `${at} ${where} ${text}`)
  expect(notes).toEqual([
    ...['0 n1 (5 lines of logs left out)', '0 n1 follows n3', '1 n2 follows n3'],
    ...['6 n1 follows n3', '8 n2 follows n3'],
  ])
})

test('a story shows the result of a custom operation only if the result differs from the argument', () => {
  const tries = made([
    { p: 0, f: 'try', key: 'ann', in: true, out: true, from: 1, to: 2 },
    { p: 1, f: 'try', key: 'ann', in: true, out: false, from: 3, to: 4 },
    { p: 2, f: 'try', key: 'ann', in: true, out: null, from: 5, to: 6 },
  ])
  const steps = sequenceSteps({ history: tries, operations: [0, 1, 2], culprit: undefined, faults: [], log: [] })
  const answers = steps.filter(({ text }) => !text.includes('try')).map(({ text }) => text)
  expect(answers).toEqual(['p0 ok', 'p1 false', 'p2 ok'])
})

test('the page of a replay without enough evidence shows the reason in place of the result', () => {
  const summary = {
    title: 'nothing went wrong, but little was proved',
    mood: 'unsure',
    sentence: 'raft kept its history linearizable.',
    trace: [],
    doubts: ['no kill ever bit'],
    played: 'in the simulator',
    steps: stepsWith(1),
    columns: sequenceColumns(['n1']),
  } as const
  const options = { width: 100, unicode: true }
  const text = renderReplay(summary, plainStyle, options)
  expect(text).toContain('NOTHING WENT WRONG, BUT LITTLE WAS PROVED\n  ⚠ no kill ever bit')
  expect(text).not.toContain('kept its history')
  expect(renderReplay({ ...summary, mood: 'good', doubts: [] }, plainStyle, options)).toContain('kept its history')
})
