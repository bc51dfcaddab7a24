import { describe, expect, test } from 'vitest'
import { renderDifferenceHtml } from '../../src/difference/index.ts'
import { renderRunsHtml } from '../../src/index.ts'
import { listedRun, type RunFiles } from '../../src/runs/listed-run.ts'
import { trendsOf } from '../../src/runs/trends.ts'

const files = (name: string, runJson: unknown, more: Partial<RunFiles> = {}): RunFiles => ({
  name,
  runJson,
  hasRunJson: runJson !== undefined,
  hasReport: true,
  hasHistory: true,
  found: [],
  ...more,
})

const runJson = (seed: number, result: 'met' | 'violated', more: object = {}) => ({
  chaos: 1,
  startedAt: `2026-11-20T07:45:0${seed}.123Z`,
  spec: { target: { name: 'raft' } },
  result: {
    levels: { linearizable: { result } },
    telling: {
      outcome: result,
      what: result === 'met' ? 'Linearizable' : '3 acknowledged messages were lost',
      why: { text: 'n1 was killed.', certainty: 'shown' },
      next: { text: 'Write to the disk first.' },
    },
    verdict: result === 'met' ? 'Linearizable' : 'Not linearizable',
    workload: 'queue',
    target: 'raft',
    seed,
    operations: { total: 1200 },
    faults: [
      { kind: 'kill', fromNanos: 1e9, toNanos: 2e9, hits: 1, fault: { kind: 'kill', nodes: ['n1'] } },
      { kind: 'pause', fromNanos: 1e9, toNanos: 2e9, hits: 0, skipped: 'n1 was down or paused already' },
    ],
    ...more,
  },
})

describe('the page of runs', () => {
  test('the page of runs shows the title, cause, next step and effective faults of a run', () => {
    expect(listedRun(files('20261120-074501-raft', runJson(1, 'violated')))).toMatchObject({
      startedAt: '2026-11-20T07:45:01.123Z',
      target: 'raft',
      workload: 'queue',
      faults: ['kill'],
      seed: 1,
      mood: 'bad',
      title: '3 acknowledged messages were lost',
      level: 'Not linearizable',
      why: 'n1 was killed.',
      next: { text: 'Write to the disk first.' },
      operations: 1200,
    })
  })

  test('the page of runs marks a run as good, bad or undecided according to its outcome', () => {
    const moodOf = (outcome: string) => listedRun(files('x', runJson(1, 'met', { telling: { outcome } }))).mood
    expect(['met', 'weaker'].map(moodOf)).toEqual(['good', 'good'])
    expect(['violated', 'missed'].map(moodOf)).toEqual(['bad', 'bad'])
    expect(['unknown', 'vacuous', 'interrupted', 'of another version'].map(moodOf)).toEqual(Array(4).fill('unsure'))
  })

  test.each([
    ['no run.json', files('20261120-074501-redis', undefined), 'No verdict', '2026-11-20T07:45:01Z'],
    ['a run.json that is no JSON', files('a', undefined, { hasRunJson: true }), 'run.json cannot be read', ''],
    ['a run.json of something else', files('a', { result: { levels: 7 } }), 'run.json cannot be read', ''],
    ['nothing', files('a', undefined, { hasHistory: false }), 'Nothing recorded', ''],
    ['what a search found', files('a', undefined, { found: [{ file: 'x.json', text: 'lost' }] }), 'Lost', ''],
  ])('the page of runs gives the reason for a missing result if a directory has %s', (_, damaged, title, startedAt) => {
    expect(listedRun(damaged)).toMatchObject({ title, startedAt, hasResult: false })
  })

  test('the page of runs lists a run even if members of its result have the wrong type', () => {
    const odd = { result: { levels: { linearizable: 1 }, title: [], faults: [7, null, {}], seed: 'x', operations: [] } }
    expect(listedRun(files('odd', odd))).toMatchObject({ mood: 'unsure', title: 'No verdict', faults: [] })
  })
})

test('the page of runs groups verdicts by target and workload, and lists the oldest first', () => {
  const run = (name: string, seed: number, result: 'met' | 'violated') => listedRun(files(name, runJson(seed, result)))
  const [trend, ...others] = trendsOf([run('c', 2, 'met'), run('b', 2, 'violated'), run('a', 1, 'met')])
  expect(others).toEqual([])
  expect(trend?.runs.map(({ mood }) => mood)).toEqual(['good', 'bad', 'good'])
  expect(trend?.seeds.map(({ seed, runs }) => [seed, runs.length])).toEqual([[2, 2]])
})

const hostile = '<img src=x onerror=alert(1)>"\' \u202e&'

test('the page of runs escapes names, and its links stay within the directory', () => {
  const odd = {
    spec: { target: { name: hostile, bug: hostile } },
    result: {
      levels: { linearizable: { result: 'met' } },
      telling: { outcome: hostile, what: hostile, why: { text: hostile }, next: { text: hostile } },
      verdict: hostile,
      workload: hostile,
      faults: [{ kind: hostile }],
    },
  }
  const runs = [hostile, '../..', 'javascript:alert(1)'].map((name) => listedRun(files(name, odd)))
  const page = renderRunsHtml({
    version: '1',
    directory: hostile,
    runs,
    older: 0,
    served: { state: 'x', live: [{ name: hostile, url: 'http://127.0.0.1:1/' }] },
  })
  const side = { name: hostile, result: odd.result, report: `${hostile}/report.html` }
  for (const text of [page, renderDifferenceHtml({ version: '1', before: side, after: side })]) {
    expect(text).not.toContain('<img')
    expect(text).not.toContain('\u202e')
    for (const [, link] of text.matchAll(/href="([^"]*)"/g))
      expect(link).toMatch(/^(\.\/|data:,$|http:\/\/127\.0\.0\.1)/)
  }
})

test('the page of runs explains how to begin if the directory has no runs', () => {
  const page = renderRunsHtml({ version: '1', directory: 'chaos-results', runs: [], older: 0 })
  expect(page).toContain('No runs yet')
  expect(page).toContain('npx chaos run')
})

test('the page of runs shows the cause of a violation even if the run has no proposed next step', () => {
  const { telling } = runJson(1, 'violated').result
  const runs = [listedRun(files('a', runJson(1, 'violated', { telling: { ...telling, next: { text: '' } } })))]
  const page = renderRunsHtml({ version: '1', directory: 'out', runs, older: 0 })
  expect(page).toContain('<p>n1 was killed.</p>')
  expect(page).not.toContain('<b>Next</b>')
})

test('the page of runs states how many older runs it omits, and how to see them', () => {
  const runs = [listedRun(files('a', runJson(1, 'met')))]
  const page = renderRunsHtml({ version: '1', directory: 'out', runs, older: 899 })
  expect(page).toContain('900 runs')
  expect(page).toContain('899 older ones are not shown: npx chaos ui out')
})

test('the comparison of two results begins with the difference, and draws the injected faults of both', () => {
  const page = renderDifferenceHtml({
    version: '1',
    before: { name: 'a', result: runJson(1, 'met').result },
    after: { name: 'b', result: runJson(2, 'violated').result },
  })
  expect(page).toMatch(/<h1>Before: Linearizable\. After: 3 acknowledged messages were lost<\/h1>/)
  expect(page).toContain('<b>Next</b> Write to the disk first.')
  expect(page).toContain('They differ in seed.')
  expect(page.match(/class="span"/g)).toHaveLength(2)
  expect(page).toMatch(/n1 killed, 1.000 s to 2.000 s/)
})
