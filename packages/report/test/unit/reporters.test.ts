import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allMet, made, ms, report, staleRead, violated } from '../../../testing/src/timeline.ts'
import { type Finding, findingsOf } from '../../src/reporters/finding.ts'
import { markdownOf } from '../../src/reporters/markdown.ts'
import { reporters } from '../../src/reporters/registry.ts'
import type { Place, SubjectSummary } from '../../src/reporters/reporter.ts'
import type { FileSubject, RunSubject, SearchSubject, Subject, TroubleSubject } from '../../src/reporters/subject.ts'
import type { FoundFailure } from '../../src/terminal/search-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'
import { sampleRun } from '../sample-run.ts'

const place: Place = {
  style: plainStyle,
  terminal: { width: 100, unicode: true },
  version: '0.1.0',
  host: 'localhost',
  now: Date.UTC(2026, 1, 3, 4, 5, 6, 789),
  pathTo: (file) => file,
}

/** Returns everything that a reporter writes about these subjects. */
async function written(name: string, ...subjects: readonly Subject[]): Promise<string> {
  const reporter = reporters.find((each) => each.name === name)
  const told = subjects.map((subject): SubjectSummary => ({ findings: findingsOf(subject), row: undefined }))
  const each = await Promise.all(subjects.map((subject) => reporter?.each?.(subject, place) ?? ''))
  return `${each.join('')}${
    (await reporter?.end?.(
      told.flatMap(({ findings }) => findings),
      place,
      told,
    )) ?? ''
  }`
}

const stale = staleRead()

const broken: FileSubject = {
  requirements: undefined,
  kind: 'file',
  file: 'runs/a,b.jsonl',
  title: 'runs/a,b.jsonl',
  report: stale.report,
  history: stale.history,
  parseMs: 2,
  checkMs: 10,
  requestedLevel: 'linearizable',
  expectation: { level: 'linearizable', met: false },
  vacuous: [],
  initial: null,
  alone: false,
  explain: false,
  reportFile: undefined,
  again: 'npx chaos check runs/a,b.jsonl',
  exitCode: 1,
}

const kept: FileSubject = {
  ...broken,
  file: 'kept.jsonl',
  title: 'kept.jsonl',
  report: allMet(),
  expectation: { level: 'linearizable', met: true },
  exitCode: 0,
}

const unproved: FileSubject = {
  ...kept,
  title: 'idle.jsonl',
  vacuous: ['no read succeeded'],
  expectation: { level: 'linearizable', met: 'unknown' },
  exitCode: 2,
}

const unreadable: TroubleSubject = {
  kind: 'trouble',
  file: 'none.jsonl',
  message: 'none.jsonl: there is no such file <here> & "there"\u0007',
  why: 'unreadable',
  alone: false,
  exitCode: 3,
}

const search: SearchSubject = {
  kind: 'search',
  summary: {
    subject: 'raft',
    taken: '',
    level: 'linearizable',
    trials: 5,
    steps: 500,
    elapsedMs: ms(0.0001) as never,
    shrinkMs: ms(0.0002) as never,
    tried: { random: { trials: 5, found: 0 } },
    doubts: [],
    failures: [],
  },
  json: { found: false },
  exitCode: 0,
}

const sample = sampleRun(200)
const run: RunSubject = {
  kind: 'run',
  alone: true,
  title: 'primary-replica, 3 nodes',
  summary: sample.run,
  history: sample.history,
  directory: 'chaos-results/1',
  historyFile: 'chaos-results/1/history.jsonl',
  reportFile: 'chaos-results/1/report.html',
  again: 'npx chaos run --spec chaos-results/1/run.json',
  exitCode: 1,
}

const all = [kept, broken, unproved, unreadable, search, run]

test('every reporter writes the same text for the same subject', async () => {
  for (const { name, not } of reporters)
    for (const subject of all) {
      if (not?.[subject.kind] !== undefined) continue
      const text = await written(name, subject)
      expect(await written(name, subject)).toBe(text)
      // Some texts may be empty. A table is empty if the only file cannot be read. The default page and GitHub's
      // annotations are empty if nothing went wrong.
      if (subject.kind !== 'trouble' && !(name === 'github' && subject.exitCode === 0) && name !== 'default')
        expect(text, `${name} of ${subject.kind}`).not.toBe('')
    }
})

test('the finding of a failed search has the same title, cause, next step and drawing as its page', () => {
  const failure: FoundFailure = {
    ...{ title: 'not linearizable', sentence: 'It lost one.', trace: [], seed: 3, strategy: 'uniform', times: 1 },
    telling: {
      what: 'The counters lost 1 addition',
      answers: [
        ['Why', 'Two ran at once.'],
        ['Next', 'Lock it.'],
      ],
    },
    ...{ found: { operations: 9, faults: 1, nodes: 1 }, shrunk: { operations: 2, faults: 0, nodes: 1 } },
    ...{ columns: ['clients', 'n1'], steps: [{ at: 0, where: 'clients', text: 'p0 add 1', tone: 'call' } as never] },
    ...{ after: undefined, file: undefined, again: 'npx chaos replay x.json' },
  }
  const found = { ...search, summary: { ...search.summary, failures: [failure] }, exitCode: 1 } as SearchSubject
  const [finding] = findingsOf(found)
  expect(finding).toMatchObject({
    title: 'The counters lost 1 addition',
    verdict: 'Not linearizable',
    sentence: 'It lost one. Why: Two ran at once. Next: Lock it.',
  })
  expect(finding?.evidence.join('\n')).toContain('p0 add 1')
})

test('every reporter describes a violation with the same sentence', async () => {
  const [finding] = findingsOf(run)
  const sentence = finding?.sentence ?? ''
  expect(sentence).toMatch(/^process 90 read 6 from n2/)
  // Pages wrap the sentence, and begin it with a capital letter.
  const words = (text: string) => text.replaceAll(/\s+/g, ' ').toLowerCase()
  for (const { name } of reporters)
    expect(words(await written(name, run)), name).toContain(words(sentence).slice(0, 40))
})

test('the reporter line names the trouble of a run with exit code 4', async () => {
  const trouble = ['node test.js ended with exit code 7']
  const subject: RunSubject = { ...run, summary: { ...run.summary, trouble }, exitCode: 4 }
  expect(await written('line', subject)).toMatch(/^! .*: node test\.js ended with exit code 7; /)
})

test('no reporter prints a next step for a violation without a known remedy', async () => {
  const redeem = { f: 'redeem', key: '7', in: true, out: true }
  const history = made([
    { ...redeem, p: 0, from: ms(1), to: ms(3) },
    { ...redeem, p: 1, from: ms(2), to: ms(4) },
  ])
  const counterexample = { ...{ level: 'linearizable', sentence: 'both' }, operations: [], keys: ['7'] }
  const own = report('not linearizable', { linearizable: violated(counterexample) }, { model: 'single use' })
  const subject: FileSubject = { ...broken, history, report: own }
  expect(findingsOf(subject)).toMatchObject([{ result: 'failed', telling: { next: { text: '' } } }])
  for (const exitCode of [0, 1] as const)
    for (const { name } of reporters)
      expect(await written(name, { ...subject, exitCode }), name).not.toMatch(
        name === 'html' ? '<dt>Next<' : /next\**:? *(\n|%0A|$)/im,
      )
})

test('every reporter names a requirement that was not met, whatever the verdict is', async () => {
  const required = { requirement: 'availability >= 99%', met: false, found: '54.08%', why: '' }
  const subjects = [
    [{ ...unproved, exitCode: 1 }, 'Inconclusive, and not as required'],
    [{ ...kept, exitCode: 1 }, 'Linearizable, but not as required'],
    [{ ...broken, expectation: undefined }, 'Not linearizable, and not as required'],
    [{ ...run, summary: { ...run.summary, expectation: undefined } }, 'Not linearizable, and not as required'],
  ] as const
  for (const [subject, title] of subjects) {
    const missed: Subject =
      subject.kind === 'run'
        ? { ...subject, summary: { ...subject.summary, requirements: [required] } }
        : { ...subject, requirements: [required] }
    const [finding] = findingsOf(missed)
    expect(finding?.verdict).toBe(title)
    expect(finding?.sentence).toContain('availability >= 99%: found 54.08%')
    expect(await written('line', missed)).toContain('availability >= 99%: found 54.08%')
    expect(await written('junit', missed)).toMatch(/message="[^"]*availability &gt;= 99%: found 54\.08%/)
    // The default reporter prints a file as one row of a table. This row does not show requirements.
    for (const { name } of reporters) if (name !== 'default') expect(await written(name, missed), name).toContain('99%')
  }
  const unknown = { ...required, met: 'unknown', why: 'no operation was called' } as const
  expect(findingsOf({ ...kept, requirements: [unknown], exitCode: 2 })).toMatchObject([
    {
      title: 'Linearizable, perhaps not as required',
      sentence: 'availability >= 99%: unknown, no operation was called (at least 54.08%)',
    },
  ])
})

test('a finding passes or fails by its exit code, not by its verdict', () => {
  expect(findingsOf({ ...broken, expectation: undefined, exitCode: 0 })).toMatchObject([
    { result: 'noted', title: "p2's confirmed write was missing at n2", verdict: 'Not linearizable', expected: '' },
  ])
  expect(all.flatMap(findingsOf).map(({ result }) => result)).toEqual([
    'passed',
    'failed',
    'undecided',
    'troubled',
    'passed',
    'failed',
  ])
})

test('the reporter dot prints a character for each verdict, and a line for each subject that did not pass', async () => {
  const lines = (await written('dot', ...all)).split('\n')
  expect(lines[0]).toBe('.F?E.F')
  expect(lines).toHaveLength(7)
  expect(lines[1]).toMatch(
    /^F runs\/a,b\.jsonl: p2's confirmed write was missing at n2 \(not linearizable\): process 4 read 6 from n2/,
  )
  expect(lines[5]).toBe('6 verdicts, 4 did not pass')
})

test('the reporter jsonl prints a line for each verdict', async () => {
  const lines = (await written('jsonl', ...all)).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).name)).toEqual([
    'kept.jsonl',
    'runs/a,b.jsonl',
    'idle.jsonl',
    'none.jsonl',
    'raft',
    'primary-replica, 3 nodes',
  ])
})

test('the reporter tap numbers its points, and never prints "ok" for an unknown verdict', async () => {
  const lines = (await written('tap', ...all, { ...kept, title: 'C:\\runs #7' })).split('\n')
  expect(lines.slice(0, 3)).toEqual(['TAP version 14', '1..7', 'ok 1 - check kept.jsonl: Linearizable'])
  expect(lines.filter((line) => /^(not )?ok /.test(line)).map((line) => line.startsWith('ok'))).toEqual([
    true,
    false,
    false,
    false,
    true,
    false,
    true,
  ])
  expect(lines).toContain('ok 7 - check C:\\\\runs \\#7: Linearizable')
  expect(lines).toContain('  severity: "undecided"')
})

describe('the reporter junit', async () => {
  const xml = await written('junit', ...all)

  test('the reporter junit counts failures and errors, and an unknown verdict as an error', () => {
    expect(xml).toMatch(/<testsuite name="chaos" tests="6" failures="2" errors="2" time="[\d.]+" /)
    expect(xml.match(/<testcase /g)).toHaveLength(6)
    expect(xml.match(/<failure /g)).toHaveLength(2)
    expect(xml.match(/<error /g)).toHaveLength(2)
    expect(xml).toContain('hostname="localhost" timestamp="2026-02-03T04:05:06">')
  })

  test('the reporter junit escapes XML markup, and replaces characters that XML forbids', async () => {
    expect(xml).toContain('there is no such file &lt;here&gt; &amp; &quot;there&quot;')
    expect(await written('junit', { ...kept, title: 'a\u0000b\ud800c' })).toContain('name="a\ufffdb\ufffdc"')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/)
  })

  test('the reporter junit writes files that are valid by the schema of JUnit reports', async ({ skip }) => {
    const schema = join(import.meta.dirname, '../junit.xsd')
    const lint = (text: string) =>
      spawnSync('xmllint', ['--noout', '--schema', schema, '-'], { input: text, encoding: 'utf8' })
    skip(lint(xml).error !== undefined, 'needs xmllint, which scripts/install-servers.sh installs')
    for (const text of [
      xml,
      await written('junit'),
      await written('junit', { ...kept, title: '\u0000<&"]]>\u2028' }),
    ]) {
      const { status, stderr } = lint(text)
      expect(status, stderr).toBe(0)
    }
    expect(lint(xml.replace('tests="6"', 'test="6"')).status).not.toBe(0)
  })
})

describe('reporters for GitHub', () => {
  test('the reporter github annotates the line of the violation, and escapes reserved characters', async () => {
    const text = await written('github', { ...broken, title: '100%: a,b' })
    expect(text).toMatch(
      /^::error file=runs\/a%2Cb\.jsonl,line=8,title=100%25%3A a%2Cb%3A p2's confirmed write was missing at n2 \(not linearizable\)::Why/,
    )
    expect(text.trimEnd()).not.toContain('\n')
    expect(text).toContain('%0A')
  })

  test('the reporter github prints the three worst findings, and the number of further findings', async () => {
    const lines = (await written('github', unproved, unreadable, kept, broken, run)).trimEnd().split('\n')
    expect(lines.map((line) => line.slice(0, 9))).toEqual(['::error f', '::error f', '::error f'])
    expect(lines[2]).toContain('(1 more not shown)::')
  })

  test('the reporter github writes only annotations as workflow commands, even if names contain "::"', async () => {
    const odd = 'C:\\a,b%3A::error::\r\n::set-output name=x::y\u0007'
    const text = await written(
      'github',
      { ...broken, title: odd, file: odd, again: odd },
      { ...unreadable, message: odd },
    )
    const lines = text.split('\n')
    expect(lines.pop()).toBe('')
    // Parses commands as actions/runner does: the properties end at the first "::", each ends at a comma, and its name
    // ends at "=".
    for (const line of lines) {
      const [, command, properties = '', message] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? []
      expect(['error', 'warning']).toContain(command)
      for (const each of properties.split(',')) expect(each).toMatch(/^(file|line|title)=[^:,\r\n]*$/)
      expect(message).not.toMatch(/[\r\n]/)
    }
    expect(lines[0]).toContain('C%3A/a%2Cb%253A%3A%3Aerror')
  })

  test('the reporter github prints nothing if every check and search passed', async () => {
    expect(await written('github', kept, search)).toBe('')
    expect(await written('github', unproved)).toMatch(/^::warning /)
  })
})

test('the reporter markdown writes a table of all subjects and a section for each failed one, and escapes texts', async () => {
  const text = await written('markdown', ...all, { ...kept, title: 'a|b*c' })
  expect(text.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(2 + 7)
  expect(text.match(/^### /gm)).toHaveLength(4)
  expect(text).toContain('| ✅ | a\\|b\\*c |')
  expect(text).toContain('In `runs/a,b.jsonl:8`.')
  expect(text.match(/^```$/gm)).toHaveLength(6)
  expect(text.match(/^```mermaid$/gm)).toHaveLength(2)
})

test('the reporter markdown shows verdict, sentence, drawing and command first, and folds the rest', async () => {
  const text = await written('markdown', ...all)
  const section = text.slice(text.indexOf('### '))
  const at = ['### ', '```', 'Reproduce: `', '<details><summary>', '</details>'].map((part) => section.indexOf(part))
  expect(at).toEqual([...at].sort((a, b) => a - b))
  expect(at).not.toContain(-1)
  expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
})

test('the reporter markdown shows the picture of a finding only if there is exactly one finding', () => {
  const linked = markdownOf([{ ...finding, command: 'run', result: 'failed', title: 'a [b]' }], '../of runs/why(1).svg')
  expect(linked).toContain('\n\n![a \\[b\\]](../of%20runs/why%281%29.svg)')
  expect(markdownOf([finding, finding], 'why.svg')).not.toContain('why.svg')
})

test('the reporter markdown begins a report of several runs with the number of seeds that show a violation', () => {
  const run = (result: Finding['result']): Finding => ({ ...finding, command: 'run', result })
  const text = markdownOf([run('failed'), run('passed'), run('noted')])
  expect(text).toMatch(/^\*\*2 of 3 runs had a violation\.\*\*\n\n\|/)
  expect(markdownOf([run('failed')])).toMatch(/^\|/)
})

const finding: Finding = {
  ...{
    result: 'failed',
    command: 'run',
    name: 'raft',
    title: 'Lost',
    verdict: 'Not linearizable',
    sentence: 'It is gone.',
  },
  ...{ expected: '', evidence: [], diagram: [], notes: [], unjudged: '', levels: [], file: undefined, line: undefined },
  ...{ operations: 1, elapsedMs: 1, again: undefined, exitCode: 1 },
}
