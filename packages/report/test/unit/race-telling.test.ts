import { type Counterexample, check } from '@chaosproxy/checker'
import { type Event, historyFromEvents, isObject, type Json, millis, nanos } from '@chaosproxy/history'
import { accusedMember, databaseMember, type Race, raceMember, toJson } from '@chaosproxy/report'
import { differenceOf, renderDifference } from '@chaosproxy/report/difference'
import { explain, renderExplained } from '@chaosproxy/report/explanation'
import { describe, expect, test } from 'vitest'
import { causesOf } from '../../src/facts/causes.ts'
import { renderHtml } from '../../src/html/page.ts'
import { databaseOfHeader } from '../../src/race/database.ts'
import { accuses, raceOfHeader } from '../../src/race/race-json.ts'
import { findingsOf } from '../../src/reporters/finding.ts'
import { markdownOf } from '../../src/reporters/markdown.ts'
import type { FileSubject } from '../../src/reporters/subject.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'

const ms = (time: number) => nanos(time * 1e6)

const event = (index: number, process: number, type: 'invoke' | 'ok', f: string, value: Json): Event => ({
  ...{ index, time: ms(index), process, type, f, key: '14', value, node: 'n1' },
})

const EVENTS: readonly Event[] = [
  event(0, 0, 'invoke', 'write', 'ana'),
  event(1, 0, 'ok', 'write', 'ana'),
  event(2, 1, 'invoke', 'read', null),
  event(3, 1, 'ok', 'read', 'ben'),
]

const race: Race = {
  sentence: "seats.ts:7 (p0's book) awaited 9.0 ms; meanwhile p1's book ran seats.ts:6–11",
  overtaken: { request: { process: 'p0', f: 'book' }, file: 'seats.ts', lines: [7, 7], from: ms(1), to: ms(10) },
  by: { request: { process: 'p1', f: 'book', key: '14' }, file: 'seats.ts', lines: [6, 11], from: ms(3), to: ms(5) },
  rows: [
    {
      ...{ file: 'seats.ts', line: 7, text: '  const holder = await <b>redis</b>.get(seat)' },
      overtaken: { first: ms(1), last: ms(10), resumed: true },
      by: { first: ms(3), last: ms(4), resumed: true },
      ...{ isOvertaken: true, isAfterGap: false },
    },
  ],
  turns: {
    overtaken: [
      { at: ms(1), places: [{ file: 'seats.ts', line: 7 }], waits: { file: 'seats.ts', line: 7, to: ms(10) } },
      { at: ms(10), places: [{ file: 'seats.ts', line: 11 }] },
    ],
    by: [{ at: ms(3), places: [{ file: 'db.ts', line: 2 }] }],
  },
}

/** Returns a history with these members in its header, converted to JSON and back as in a file. */
const historyWith = (extra: { readonly [member: string]: Json } | undefined) =>
  historyFromEvents(EVENTS, {
    header: { chaos: 1, model: 'register', initial: null, ...(extra && { extra: JSON.parse(JSON.stringify(extra)) }) },
  })

function judged(extra: { readonly [member: string]: Json } | undefined) {
  const history = historyWith(extra)
  const report = check(history, {
    ...{ model: 'register', initial: null, levels: ['linearizable'], failedCas: 'drop', memoryBytes: 1e9 },
    ...{ deadlineMs: millis(60_000), now: () => millis(performance.now()) },
  })
  const verdict = report.levels.linearizable
  if (verdict?.result !== 'violated') throw new Error('it is a violation')
  return { history, report, counterexample: verdict.counterexample }
}

const accusedIn = ({ counterexample, history }: ReturnType<typeof judged>) => accusedMember(counterexample, history)
const ACCUSED = accusedIn(judged({}))

function renderedRace(extra = raceMember(race), accused = ACCUSED) {
  const { history, report } = judged({ ...extra, ...accused })
  const subject: FileSubject = {
    ...{ kind: 'file', file: 'seats.jsonl', title: 'seats.jsonl', report, history, parseMs: 1, checkMs: 1 },
    ...{ requestedLevel: 'linearizable', expectation: undefined, requirements: undefined, vacuous: [], initial: null },
    ...{ alone: true, explain: false, reportFile: undefined, again: 'chaos check seats.jsonl', exitCode: 1 },
  }
  const json = toJson({ report, history, checkMs: 1 })
  const difference = differenceOf(isObject(json) ? json : {}, {})
  const wide = { width: 200, unicode: true }
  const explained = explain({ report, history })
  return {
    terminal: renderCheck(report, history, plainStyle, { ...subject, ...wide, historyFile: 'seats.jsonl' } as never),
    explanation: renderExplained(explained, plainStyle, wide),
    explained: JSON.stringify(explained),
    markdown: markdownOf(findingsOf(subject)),
    json: JSON.stringify(json),
    page: renderHtml({ ...subject, version: '1', historyFile: 'seats.jsonl' }).replaceAll('&#39;', "'"),
    difference: renderDifference(difference, ['one', 'other'], plainStyle, wide),
  }
}

describe('a race in the header of a history', () => {
  const pages = renderedRace()

  test.each(Object.entries(pages))('the report of the kind %s contains the sentence about a race', (_, page) => {
    expect(page).toContain(race.sentence)
  })

  test('the HTML page draws two racing requests as lanes of code lines, and marks the overtaken await', () => {
    const { page } = pages
    expect(page).toContain('const holder = await &lt;b&gt;redis&lt;/b&gt;.get(seat)')
    expect(page).toContain("↑ p1's book overtook p0's book at this await, from 3.0 to 5.0 ms")
    expect(page).toMatch(/class="race-wait overtaken"[^>]*>\s*<text class="race-note"[^>]*>waits at line 7</)
    expect(page).toContain('>line db.ts:2<')
    // The terminal output, the explanation and the Markdown report describe the race in the same words.
    for (const { terminal, explanation, markdown } of [pages])
      for (const each of [terminal, explanation, markdown])
        expect(each).toContain("p1's book overtook p0's book at this await, from 3.0 to 5.0 ms")
  })

  test('the remedy for a race says "before the change" for a cas, and "before you fill the cache" for a read', () => {
    const cured = (f: string) => {
      const overtaken = { ...race.overtaken, request: { ...race.overtaken.request, f } }
      const history = historyWith(raceMember({ ...race, overtaken }))
      const counterexample = { operations: [], keys: [], level: 'linearizable', sentence: '' }
      const report = { lost: [{}], levels: {} } as never
      const [first] = causesOf({ ...{ report, history, counterexample, near: [] }, race: raceOfHeader(history.header) })
      return first?.remedy
    }
    expect(cured('cas')).toBe('Compare versions before the change, or read and change in one step.')
    expect(cured('read')).toContain('before you fill the cache')
  })

  const OTHER_FORMS: readonly Json[] = [
    ...[null, 'yes', [], {}, { ...(raceMember(race)?.['race'] as object), rows: 'none' }],
    { ...(raceMember(race)?.['race'] as object), rows: Array.from({ length: 300 }, () => null) },
    { ...(raceMember(race)?.['race'] as object), overtaken: { request: {}, file: 1 } },
  ]
  test.each(OTHER_FORMS.map((form) => [JSON.stringify(form).slice(0, 40), form] as const))(
    'a race is not reported if the member "race" of the header is malformed: %s',
    (_, form) => {
      for (const page of Object.values(renderedRace({ race: form }))) expect(page).not.toContain('awaited')
    },
  )
})

describe('a violation at nodes with one database', () => {
  const database = { hosts: ['pg'], told: { cause: 'T1 missed what T2 wrote.', remedy: 'Lock it.' } }
  const inputOf = (found: typeof database | { readonly hosts: readonly string[]; readonly told: undefined }) => {
    const of = judged(databaseMember(found))
    return { ...of, near: [], database: databaseOfHeader(of.history.header) }
  }

  test('if nodes share one database, an anomaly that the database observed explains the violation', () => {
    expect(causesOf(inputOf(database))).toEqual([database.told])
    expect(JSON.stringify(renderedRace(databaseMember(database)))).toContain('T1 missed what T2 wrote.')
  })

  test.each([
    ['found in other operations than the one kept with the history', { accused: [0] }],
    ['kept without the operations that show it', {}],
  ])('a database observation that was %s does not explain a violation', (_, accused) => {
    const pages = renderedRace({ ...raceMember(race), ...databaseMember(database) }, accused)
    for (const page of Object.values(pages)) {
      expect(page).not.toContain('T1 missed what T2 wrote.')
      expect(page).not.toContain(race.sentence)
    }
  })

  test('an anomaly that the database observed also explains a violation by another client that reads the same value', () => {
    const { history, counterexample } = judged({})
    const core = (...rows: number[]) =>
      ({ ...counterexample, operations: rows.map((operation) => ({ operation, role: 'core' })) }) as Counterexample
    const again = [event(4, 2, 'invoke', 'read', null), event(5, 2, 'ok', 'read', 'ben')]
    const twice = (accused: object) =>
      historyFromEvents([...EVENTS, ...again], { header: { chaos: 1, extra: accused as never } })
    const kept = twice(accusedMember(core(0, 1), history))
    expect(accuses(kept, core(0, 2))).toBe(true)
    expect(accuses(kept, core(2))).toBe(false)
    expect(accuses(twice(accusedMember(core(1), history)), core(2))).toBe(false)
  })

  test('a violation at nodes with one database is not explained by a stale replica', () => {
    const causes = causesOf(inputOf({ hosts: ['pg'], told: undefined }))
    expect(causes.map(({ cause }) => cause).join()).not.toContain('copy')
  })

  test.each([{ database: 1 }, { database: { hosts: 'pg' } }])(
    'a history has no observation of a database if its header is malformed: %j',
    (extra) => {
      expect(databaseOfHeader(historyWith(extra as never).header)).toBeUndefined()
    },
  )
})
