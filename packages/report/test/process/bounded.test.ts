import { check, type Level, levels, type Report, type Verdict } from '@chaosproxy/checker'
import { type EventInput, type History, historyFromEvents, type Json, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { renderHtml } from '../../src/html/page.ts'
import { toJson } from '../../src/reporters/result-json.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { renderExplanations } from '../../src/terminal/explanation.ts'
import { plainStyle } from '../../src/terminal/style.ts'

// Whatever the history, every text about it is short enough to be sent, opened and read.

const checked = (history: History, model: 'register' | 'set'): Report =>
  check(history, {
    model,
    initial: null,
    levels: [...levels],
    failedCas: 'drop',
    deadlineMs: millis(20_000),
    memoryBytes: 1e9,
    now: () => millis(performance.now()),
  })

const operation = (
  process: number,
  f: string,
  input: Json,
  output: Json,
  more: Partial<EventInput> = {},
): EventInput[] => [
  { process, type: 'invoke', f, value: input, ...more },
  { process, type: 'ok', f, value: output, ...more },
]

interface ResultJson {
  readonly [member: string]: Json
}

function boundedResult(history: History, report: Report): ResultJson {
  const text = JSON.stringify(toJson({ report, history, checkMs: 1 }))
  expect(new TextEncoder().encode(text).length).toBeLessThan(1e6)
  const page = renderHtml({ title: 'x', version: '1', history, report, historyFile: 'x.jsonl' })
  expect(page.length).toBeLessThan(4e6)
  const options = { width: 100, unicode: true, file: 'x.jsonl', parseMs: 1, checkMs: 1 }
  expect(renderCheck(report, history, plainStyle, options).length).toBeLessThan(100_000)
  expect(renderExplanations(report, history, plainStyle, options).length).toBeLessThan(1e6)
  return JSON.parse(text) as ResultJson
}

/** Returns a report in which every level is violated. Each counterexample has up to 200 operations. */
function reportOf(history: History): Report {
  const verdict = (level: Level): Verdict => ({
    result: 'violated',
    counterexample: {
      level,
      sentence: 'It is so.',
      operations: Array.from({ length: Math.min(200, history.operations.length) }, (_, operation) => ({
        operation,
        role: 'core',
      })),
      keys: history.keys.slice(0, 200),
      uncut: { why: 'time', among: 1_000_000, standsAlone: false },
    },
  })
  return {
    model: 'register',
    levels: Object.fromEntries(levels.map((level) => [level, verdict(level)])) as Report['levels'],
    headline: 'x',
    info: { total: 0 },
    lost: [],
  }
}

test('the JSON of 200 operations with long texts has a bounded length, and states the number of operations', () => {
  const long = 'ü'.repeat(3_000)
  const events = Array.from({ length: 200 }, (_, n) =>
    operation(n, 'write', `${long}${n}`, `${long}${n}`, { key: `${long} ${n}`, node: `${long} node ${n % 50}` }),
  ).flat()
  const history = historyFromEvents(events)
  const { levels: verdicts } = boundedResult(history, reportOf(history)) as unknown as {
    readonly levels: { readonly [level: string]: { readonly counterexample: ResultJson } }
  }
  const counterexample = verdicts['linearizable']?.counterexample
  // Twelve levels with 200 operations each would be too long, so only the number of operations is given.
  expect(counterexample).toMatchObject({ totals: { operations: 200 } })
  expect(counterexample?.['uncut']).toEqual({ why: 'time', among: 1_000_000, standsAlone: false })
})

test('the JSON of a read of 50,000 elements contains only the first elements, and the total number of elements', () => {
  const many = Array.from({ length: 50_000 }, (_, n) => n)
  const history = historyFromEvents([
    ...operation(0, 'add', 7, 7),
    ...operation(0, 'read', null, many),
    ...operation(1, 'read', null, many.slice(1)),
  ])
  const json = boundedResult(history, checked(history, 'set')) as unknown as {
    readonly levels: {
      readonly linearizable: {
        readonly counterexample: {
          readonly operations: readonly { readonly output: Json; readonly totals?: ResultJson }[]
        }
      }
    }
    readonly accounting: { readonly unexpected: readonly Json[]; readonly totals: { readonly unexpected: number } }
  }
  expect(json.accounting.totals.unexpected).toBe(49_999)
  expect(json.accounting.unexpected.length).toBeLessThanOrEqual(1_000)
  const { operations } = json.levels.linearizable.counterexample
  const longest = operations.find(({ totals }) => totals !== undefined)
  expect(longest?.totals).toEqual({ output: expect.any(Number) })
})

test('the JSON of 5,000 lost writes states the total number of lost writes', () => {
  const events = Array.from({ length: 5_000 }, (_, n) => operation(n % 5, 'write', n, n, { key: `k${n}` })).flat()
  const finals = Array.from({ length: 5_000 }, (_, n) => [
    { process: 9, type: 'invoke' as const, f: 'read', key: `k${n}`, value: null, final: true },
    { process: 9, type: 'ok' as const, f: 'read', key: `k${n}`, value: null },
  ]).flat()
  const history = historyFromEvents([...events, ...finals])
  const json = boundedResult(history, checked(history, 'register'))
  expect(json['totals']).toEqual({ lost: 5_000 })
})

test('every page states that a counterexample was not reduced further if the time ran out', () => {
  const history = historyFromEvents([...operation(0, 'write', 1, 1), ...operation(1, 'read', null, null)])
  const report = reportOf(history)
  const options = { width: 100, unicode: true, file: 'x.jsonl', parseMs: 1, checkMs: 1 }
  const wanted = /search\s+for\s+a\s+smaller\s+explanation\s+ran\s+out\s+of\s+time/
  expect(renderCheck(report, history, plainStyle, options)).toMatch(wanted)
  expect(renderExplanations(report, history, plainStyle, options)).toMatch(wanted)
  expect(renderHtml({ title: 'x', version: '1', history, report, historyFile: 'x.jsonl' })).toMatch(wanted)
})
