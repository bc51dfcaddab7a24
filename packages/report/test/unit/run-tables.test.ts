import { nanos } from '@chaosproxy/history'
import type { PhaseSummary } from '@chaosproxy/runner/result'
import { expect, test } from 'vitest'
import { endText } from '../../src/facts/near-faults.ts'
import { viewsTexts } from '../../src/measured-words.ts'
import { whole } from '../../src/terminal/brevity.ts'
import { countsText, nodesText, phasesInBrief } from '../../src/terminal/run-tables.ts'
import { plainStyle, unicodeSymbols } from '../../src/terminal/style.ts'

const phase = (name: string, operations: number, availability: number): PhaseSummary =>
  ({ phase: name, operations, availability, majority: true, share: 0.5 }) as unknown as PhaseSummary
const page = { width: 100, style: plainStyle, symbols: unicodeSymbols, brevity: whole }
const operations = { total: 10, ok: 6, fail: 3, info: 1, reads: 0, writes: 0, cas: 10 }

test('the counts of a run state how many of the failed operations were refused', () => {
  const counted = (answered: number): string =>
    countsText({ operations, phases: [phase('calm', 10, answered / 10)] }, undefined)
  expect(counted(9)).toBe('10 operations: 6 ok, 3 fail (all answered, with a refusal), 1 info; 10 cas')
  expect(counted(7)).toContain('3 fail (1 answered, with a refusal)')
  expect(counted(6)).toContain('6 ok, 3 fail, 1 info')
})

test('the last phase of a run is called "healed" after faults, and "at the end" without faults', () => {
  expect(phasesInBrief([phase('calm', 9, 1), phase('healed', 1, 1)], page)).toEqual([
    'availability: calm 9 of 9 · at the end 1 of 1',
  ])
  expect(phasesInBrief([phase('kill', 9, 0), phase('healed', 1, 1)], page)).toEqual([
    'availability: kill 0 of 9 · healed 1 of 1',
  ])
})

test('the line on availability by node says whether it counts only the time before healing', () => {
  const nodes = [{ node: 'n1', operations: 9, availability: 0 }]
  expect(nodesText(nodes, ', before healing')).toBe('availability by node, before healing: n1 0 of 9')
  expect(nodesText(nodes)).toBe('availability by node: n1 0 of 9')
})

test('for the end of a kill, the report prints when the node was restarted and when it was ready', () => {
  const ended = { startingFrom: nanos(3.27e9), to: nanos(5.685e9) }
  expect(endText(ended)).toBe('3.270 s, ready 5.685 s')
  expect(endText({ to: nanos(2e9) })).toBe('2.000 s')
})

test('the reason for undecided verdicts is printed once if the client and node views share it', () => {
  const unknown = 'unknown: out of time'
  const other = 'linearizable unknown: x is judged only up to line 3'
  expect(viewsTexts({ client: 'not linearizable', backend: { headline: other }, said: [] } as never)).toEqual([
    'the answers that clients got are not linearizable; the answers that nodes sent, including lost ones, are undecided',
  ])
  expect(viewsTexts({ client: unknown, backend: { headline: unknown }, said: [] } as never)).toEqual([
    'the answers that clients got are undecided; the answers that nodes sent, including lost ones, are undecided too',
  ])
})
