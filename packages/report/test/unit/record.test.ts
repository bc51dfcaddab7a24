import { check, levels } from '@chaosproxy/checker'
import { type EventInput, historyFromEvents, millis } from '@chaosproxy/history'
import { expect, test } from 'vitest'
import { summary } from '../../../testing/src/timeline.ts'
import { renderHtml } from '../../src/html/page.ts'
import { printable } from '../../src/operation-words.ts'
import { unjudgedLine } from '../../src/record.ts'
import { findingsOf } from '../../src/reporters/finding.ts'
import { junitReporter } from '../../src/reporters/junit.ts'
import { lineReporter } from '../../src/reporters/line.ts'
import { markdownReporter } from '../../src/reporters/markdown.ts'
import type { Place } from '../../src/reporters/reporter.ts'
import { toJson } from '../../src/reporters/result-json.ts'
import type { RunSubject } from '../../src/reporters/subject.ts'
import { tapReporter } from '../../src/reporters/tap.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { renderRun } from '../../src/terminal/run-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

// Tests that every output with a verdict also contains the recorder's notes about gaps in its record.

const mark = (f: string, value: EventInput['value'], key?: string): EventInput => ({
  process: 'recorder',
  type: 'info',
  f,
  value,
  ...(key === undefined ? {} : { key }),
})

const events: readonly EventInput[] = [
  { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
  { process: 0, type: 'ok', f: 'write', key: 'x', value: 1 },
  mark('passed-on', { what: 'GET /health', count: 12, mayWrite: false }),
  mark('passed-on', { what: 'EVAL', count: 2, mayWrite: true }),
  mark('touched', { what: 'EVAL', why: 'scripts are not looked into' }, 'x'),
  mark('not-understood', { what: 'GET /kv/y', why: 'status 200, and nothing at json.value' }, 'y'),
  { process: 0, type: 'invoke', f: 'read', key: 'x', value: null },
  { process: 0, type: 'ok', f: 'read', key: 'x', value: 1 },
]

const history = historyFromEvents(events, {
  header: { chaos: 1, initial: 'unknown', sessions: { by: 'header.X-Client', named: true } },
})
const report = check(history, {
  model: 'register',
  initial: 'unknown',
  levels,
  failedCas: 'drop',
  deadlineMs: millis(10_000),
  memoryBytes: 1e9,
  now: () => millis(performance.now()),
})

test('the JSON of a recorded history has a member "record" with lists and their totals', () => {
  const { record } = JSON.parse(JSON.stringify(toJson({ report, history, checkMs: 1 })))
  expect(record).toEqual({
    sessions: { by: 'header.X-Client', named: true },
    initial: 'unknown',
    touched: [{ key: 'x', line: 5, what: 'EVAL', why: 'scripts are not looked into' }],
    notUnderstood: [{ key: 'y', line: 6, what: 'GET /kv/y', why: 'status 200, and nothing at json.value' }],
    passedOn: [
      { what: 'EVAL', count: 2, mayWrite: true },
      { what: 'GET /health', count: 12, mayWrite: false },
    ],
    totals: { touched: 1, notUnderstood: 1, passedOn: 2, requestsPassedOn: 14 },
  })
})

test('the JSON shortens long lists of the member "record", and gives their full totals', () => {
  const many = Array.from({ length: 500 }, (_, i) => mark('touched', { what: 'DEL', why: 'w' }, `key ${i}`))
  const { record } = JSON.parse(
    JSON.stringify(toJson({ report, history: historyFromEvents([...events, ...many]), checkMs: 1 })),
  )
  expect(record.touched).toHaveLength(100)
  expect(record.totals.touched).toBe(501)
})

test('the JSON of a history without recorder events has no member "record"', () => {
  const plain = historyFromEvents(events.filter(({ process }) => process !== 'recorder'))
  expect(toJson({ report, history: plain, checkMs: 1 })).not.toHaveProperty('record')
})

const options = {
  width: 110,
  unicode: true,
  file: 'h.jsonl',
  parseMs: 1,
  checkMs: 1,
  requestedLevel: 'linearizable',
} as const

test('the terminal page names keys changed outside the record above the verdict, and each unknown reason once', () => {
  const page = renderCheck(report, history, plainStyle, options)
  expect(page).toMatch(
    /UNKNOWN WHETHER LINEARIZABLE[\s\S]*x is judged only up to line 5, where EVAL may have changed this key/,
  )
  expect(page).toContain('clients  identified by header.X-Client')
  expect(page).toContain('start    the value before the first write is unknown')
  expect(page).toContain('touched  outside the record: x by EVAL (scripts are not looked into), line 5')
  expect(page).toContain('unjudged 14 requests were forwarded, not checked: EVAL 2×, which may write; GET /health 12×')
  const table = page.search(/level +verdict/)
  expect(page.indexOf('touched')).toBeLessThan(table)
  expect(table).toBeLessThan(page.indexOf('unjudged'))
  expect(page).toContain('unknown: as said above')
  expect(page.match(/Describe\s+such\s+answers\s+in\s+the\s+route\s+table/g)).toHaveLength(1)
})

test('requests that were not judged are reported by runs, checks and all reporters', async () => {
  const line = '14 requests were forwarded, not checked: EVAL 2×, which may write; GET /health 12×'
  const page = renderRun(summary({ report }), history, plainStyle, {
    width: 110,
    unicode: true,
    historyFile: 'h.jsonl',
  })
  expect(page).toContain(`unjudged ${line}`)
  expect(page).toContain('touched  outside the record: x by EVAL (scripts are not looked into), line 5')
  expect(page).not.toContain('identified by')
  const terminal = { width: 110, unicode: true }
  const place: Place = { version: '1', now: 0, host: 'h', style: plainStyle, terminal, pathTo: (file) => file }
  const files = { directory: 'd', historyFile: 'h.jsonl', reportFile: 'r.html' }
  const subject: RunSubject = {
    ...{ kind: 'run', title: 'record', summary: summary({ report }), history, alone: true, again: '', exitCode: 0 },
    ...files,
  }
  const findings = findingsOf(subject)
  const told = [{ findings, row: undefined }]
  const texts = {
    line: await lineReporter.each?.(subject, place),
    junit: junitReporter.end?.(findings, place, told),
    markdown: markdownReporter.end?.(findings, place, told),
    tap: tapReporter.end?.(findings, place, told),
  }
  for (const [name, text] of Object.entries(texts)) expect((await text)?.replaceAll('\\', ''), name).toContain(line)
})

test('rare kinds of unjudged requests are counted together', () => {
  const kinds = ['HELLO', 'CLIENT', 'MULTI', 'EXEC', 'WATCH', 'PING', 'TIME']
  const passed = kinds.map((what, i) => ({
    process: 'recorder',
    type: 'info' as const,
    f: 'passed-on',
    value: { what, count: i + 1, mayWrite: false },
  }))
  expect(unjudgedLine(historyFromEvents([...events.filter(({ process }) => process !== 'recorder'), ...passed]))).toBe(
    '28 requests were forwarded, not checked: TIME 7×; PING 6×; WATCH 5×; EXEC 4×; MULTI 3×; and 3 more of 2 other kinds',
  )
})

test('the function printable escapes line breaks, tabs and control characters', () => {
  expect(printable('no route\n  to host\tat all')).toBe('no route\\n  to host\\tat all')
  expect(printable('\n::error::mine')).toBe('\\n\\u003a:error::mine')
})

test('the terminal page reports an outcome as unknown if the answer was not understood', () => {
  const why = 'status 200: its body says "errors", which may be a refusal'
  const unclear = historyFromEvents([
    { process: 0, type: 'invoke', f: 'write', key: 'x', value: 1 },
    { process: 0, type: 'info', f: 'write', key: 'x', value: 1, error: why },
    { process: 1, type: 'invoke', f: 'write', key: 'x', value: 1 },
    { process: 1, type: 'info', f: 'write', key: 'x', value: 1, error: 'status 503' },
  ])
  const page = renderCheck(report, unclear, plainStyle, options)
  expect(page).toContain('unclear  1 operation may have taken effect, since the answer was not understood: status 200')
})

test('the HTML report shows the record after all other sections', () => {
  const page = renderHtml({ title: 't', version: '1', history, historyFile: 'h.jsonl', report })
  expect(page).toMatch(/<h2 id="record">The record<\/h2>[\s\S]*Identified by header\.X-Client[\s\S]*GET \/health 12×/)
  expect(page.indexOf('id="record"')).toBeGreaterThan(page.indexOf('id="facts"'))
})
