import { type EventInput, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { judgeHistory, USUAL_CHECK } from '../../src/check/judged.ts'

const completed = (process: number, f: string, input: Json, output: Json): EventInput[] => [
  { process, type: 'invoke', f, value: input },
  { process, type: 'ok', f, value: output },
]
const first = completed(0, 'read', null, { a: 30, b: 30 })
const transfer = completed(1, 'transfer', { from: 'a', to: 'b', amount: 4 }, null)
const later = completed(0, 'read', null, { a: 26, b: 34 })

function judged(events: readonly EventInput[], initial?: Json) {
  const history = historyFromEvents(events)
  const settings = { ...USUAL_CHECK, model: 'bank', initial, timeoutMs: millis(10_000), memoryBytes: 1e9 }
  return judgeHistory(
    { file: 'h.jsonl', settings, setup: undefined, alone: true, again: '', reportFile: undefined },
    { history, parseMs: 0 },
  )
}

test('a bank without deposits may have opened with any balances if no balances are given', () => {
  const { report, history, initial } = judged([...first, ...transfer, ...later])
  expect(report.levels['linearizable']?.result).toBe('met')
  expect(initial).toBe('unknown')
  expect(history.header?.initial).toBe('unknown')
  expect(history.warnings.join()).toContain(`give them with --initial '{"a":30,"b":30}', as the first read has it`)
  const given = judged([...first, ...transfer, ...later], { a: 30, b: 30 })
  expect([given.report.levels['linearizable']?.result, given.history.warnings]).toEqual(['met', []])
})

test('a bank without deposits is not linearizable if no opening balances explain all reads', () => {
  const vanished = completed(0, 'read', null, { a: 26, b: 30 })
  expect(judged([...first, ...transfer, ...vanished]).report.levels['linearizable']?.result).toBe('violated')
  expect(judged([...first, ...later]).report.levels['linearizable']?.result).toBe('violated')
})

test('a bank with deposits opened empty if no opening balances are given', () => {
  const deposit = completed(1, 'deposit', { account: 'a', amount: 10 }, null)
  const twice = completed(0, 'read', null, { a: 20 })
  expect(judged([...deposit, ...twice]).report.levels['linearizable']?.result).toBe('violated')
  expect(judged([...deposit, ...twice], 'unknown').report.levels['linearizable']?.result).toBe('met')
})
