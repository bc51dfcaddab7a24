import type { Counterexample, Report } from '@chaosproxy/checker'
import { type Fault, linksBetween } from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import type { FaultRecord } from '../../../runner/src/result/run-summary.ts'
import {
  follows,
  made,
  met,
  ms,
  readOfReplaced,
  report,
  staleRead,
  summary,
  unknown,
  violated,
} from '../../../testing/src/timeline.ts'
import { explain } from '../../src/explanation/explained.ts'
import { factsOf } from '../../src/facts/facts.ts'
import { violationsOf } from '../../src/facts/violations.ts'
import { select } from '../../src/html/columns.ts'
import { renderHtml } from '../../src/html/page.ts'
import { findingsOf } from '../../src/reporters/finding.ts'
import type { FileSubject } from '../../src/reporters/subject.ts'
import { renderCheck } from '../../src/terminal/check-page.ts'
import { renderRun } from '../../src/terminal/run-page.ts'
import { plainStyle } from '../../src/terminal/style.ts'
import { capitalised } from '../../src/words.ts'

// Every sentence on a page is true of the run that the page describes.

const options = { width: 100, unicode: true, historyFile: 'r/history.jsonl', exitCode: 1 }

const record = (id: string, fault: Fault, from: number, to: number, more: Partial<FaultRecord> = {}): FaultRecord => ({
  id,
  fault,
  from: ms(from),
  to: ms(to),
  hits: 1,
  ...more,
})

const cut = (groups: string[][]): Fault => ({ kind: 'partition', links: linksBetween(groups), mode: 'hold' })

/**
 * A killed replica restarts and answers a read with 105, an old value. A write of 743 had replaced it five seconds
 * after 105 was written.
 */
function restarted() {
  const { history, counterexample: read } = readOfReplaced()
  const counterexample: Counterexample = {
    ...read,
    level: 'linearizable',
    sentence:
      'process 3 read 105 for x from n3 at 7.118 s, 543 ms after process 2’s write of 743 was acknowledged by n1.',
    statesBefore: [743],
  }
  const judged = report('not even eventually consistent', { linearizable: violated(counterexample) })
  const faults = [
    record('fault-1', cut([['n1', 'n2'], ['n3']]), 1002, 1666),
    record('fault-2', { kind: 'kill', nodes: ['n1'] }, 1320, 2821),
    record('fault-3', { kind: 'pause', nodes: ['n2'] }, 1500, 1998),
    record('fault-4', { kind: 'kill', nodes: ['n3', 'n5'] }, 5138, 6902),
    record('fault-5', { kind: 'pause', nodes: ['n4'] }, 6600, 7300),
  ]
  const run = summary({ report: judged, faults, expectation: { level: 'linearizable', met: false } })
  return { history, report: judged, run }
}

const page = (told: ReturnType<typeof restarted>) => renderHtml({ ...told, title: 't', version: '1', historyFile: 'h' })

describe('the report of faults near a violation', () => {
  const told = restarted()
  const CAUSE = 'n3 was killed at 5.138 s, missed x = 743 at 6.570 s, and came back 216 ms before the request.'

  test('the report names only the fault between write and read at the node that answered wrongly', () => {
    const { near } = factsOf(told)
    expect(near.map(({ text }) => text)).toEqual(['n3 n5 killed, 5.138 s to 6.902 s'])
    expect(near[0]?.relation).toBe(CAUSE)
  })

  test('the page, the terminal, the explanation and the findings name the same fault', () => {
    const finding = findingsOf({
      ...{ kind: 'run', title: 't', summary: told.run, history: told.history, directory: 'r', alone: true },
      ...{ historyFile: 'r/history.jsonl', reportFile: 'r/report.html', again: 'chaos run', exitCode: 1 },
    })[0]
    const explained = explain(told)
    for (const text of [page(told), renderRun(told.run, told.history, plainStyle, options), finding?.sentence ?? '']) {
      const words = text.replaceAll(/\s+/g, ' ')
      expect(words).toContain(CAUSE)
    }
    expect(explained.sentence).toContain(CAUSE)
    expect(explained.faults).toEqual([`n3 n5 killed, 5.138 s to 6.902 s. ${CAUSE}`])
    expect(explained.causes[0]?.cause).toBe('A node that had just come back answered before it had caught up.')
    const drawn = page(told).match(/<g class="fault">/g)
    expect(drawn).toHaveLength(1)
  })

  test('the report prefers a cut between the nodes of writer and reader, and a long cut to a short cut', () => {
    const faults = [
      record('elsewhere', cut([['n4'], ['n5']]), 6000, 8000),
      record('short', cut([['n3'], ['n1']]), 7000, 7010),
      record('long', cut([['n3'], ['n1']]), 6560, 8000),
    ]
    const { near } = factsOf({ ...told, run: { ...told.run, faults } })
    expect(near.map(({ from }) => from)).toEqual([ms(6560), ms(7000)])
    expect(near[0]?.relation).toBe('In force then: partition {n1 | n3}, since 6.560 s.')
  })

  test('the report omits a partition of other nodes if another partition separated the writer from the reader', () => {
    const faults = [
      record('from others', cut([['n2'], ['n1', 'n3', 'n4', 'n5']]), 6000, 8000),
      record(
        'between',
        cut([
          ['n3', 'n5'],
          ['n1', 'n2', 'n4'],
        ]),
        6560,
        8000,
      ),
    ]
    const near = (some: typeof faults) => factsOf({ ...told, run: { ...told.run, faults: some } }).near
    expect(near(faults).map(({ from }) => from)).toEqual([ms(6560)])
    expect(near(faults.slice(0, 1)).map(({ from }) => from)).toEqual([ms(6000)])
  })

  test('the report omits a partition of a third node if two nodes made transfers from one account', () => {
    const transfer = (p: number, node: string, from: number, amount: number) => ({
      ...{ p, f: 'transfer', in: { from: 'a', to: 'b', amount }, node },
      ...{ from: ms(from), to: ms(from + 5) },
    })
    const paid = made([transfer(1, 'n1', 100, 80), transfer(2, 'n3', 110, 70)])
    const contradiction: Counterexample = {
      ...{ level: 'linearizable', sentence: 'overdrawn.', keys: [], culprit: 1 },
      operations: [0, 1].map((operation) => ({ operation, role: 'core' })),
    }
    const judged = report('violated', { linearizable: violated(contradiction) })
    const near = (...groups: string[][]) =>
      factsOf({
        ...{ history: paid, report: judged },
        run: summary({ report: judged, faults: [record('cut', cut(groups), 50, 200)] }),
      }).near
    expect(near(['n2'], ['n1', 'n3'])).toEqual([])
    expect(near(['n1'], ['n2', 'n3'])).toHaveLength(1)
  })

  test('the report omits a fault that never took effect', () => {
    const faults = told.run.faults.map((fault) => ({ ...fault, hits: 0 }))
    expect(factsOf({ ...told, run: { ...told.run, faults } }).near).toEqual([])
  })
})

describe('the ladder of consistency levels', () => {
  const { history, report: stale } = staleRead()
  const broken = stale.levels.linearizable
  const causal = {
    ...stale,
    levels: {
      ...stale.levels,
      sequential: broken,
      causal: broken,
      'causal-memory': broken,
      'causal-convergence': broken,
      pram: met,
      session: broken,
      'read-your-writes': { result: 'met', witness: { kind: 'checked' } },
      'monotonic-reads': { result: 'met', witness: { kind: 'checked' } },
      'monotonic-writes': { result: 'met', witness: { kind: 'checked' } },
      'writes-follow-reads': { result: 'met', witness: { kind: 'checked' } },
    },
  } as Report<string>
  const text = renderHtml({ history, report: causal, title: 't', version: '1', historyFile: 'h', exitCode: 0 })

  test('the ladder of consistency levels marks only a met level as "found"', () => {
    for (const [rung] of text.matchAll(/<li class="violated"><div class="rung">.*?<\/h3><p class="result">/g))
      expect(rung).not.toContain('found')
    expect(text).toMatch(/<li class="met">.*?<h3>PRAM <span class="tag">found<\/span><\/h3>/)
  })

  test('the ladder of consistency levels has a step for each ranked level, and lists other levels separately', () => {
    const [, ladder = ''] = /<ol class="ladder">(.*?)<\/ol>/.exec(text) ?? []
    const [, beside = ''] = /<div class="beside">(.*?)<\/div>/.exec(text) ?? []
    const rungs = [...ladder.matchAll(/<li class="(\w+)"><div class="rung">.*?<h3>([^<]*?) ?(?:<|$)/g)]
    expect(rungs.map(([, , title]) => title)).toEqual(['Linearizable', 'Sequential', 'Causal', 'PRAM', 'Eventual'])
    for (const [, result, title = ''] of rungs) expect(result).toBe(causal.levels[title.toLowerCase()]?.result)
    for (const level of ['causal memory', 'session', 'read your writes']) {
      expect(beside).toContain(`>${level}<`)
      expect(ladder).not.toContain(`>${level}<`)
    }
  })

  test('the ladder of consistency levels shows the reason for the verdict on each level', () => {
    const because = Object.fromEntries(
      [
        ...text.matchAll(
          /<th scope="row">([\w-]+)<\/th><td>(?:met|violated|unknown)<\/td><td class="wrap">(.*?)<\/td>/g,
        ),
      ].map(([, level, why]) => [level, why]),
    )
    expect(because['read-your-writes']).toBe('every read was examined, and none contradicts it')
    expect(because['pram']).toBe('an order of all operations was found that explains every answer')
    expect(because['session']).toContain(
      'Each of the four guarantees holds by itself, but no single order gives a client all four.',
    )
  })

  test('the ladder of consistency levels explains that "session" demands all four session guarantees', () => {
    const session = explain({ history, report: causal }).levels.find(({ level }) => level === 'session')
    expect(session?.asks).toBe('one order for each client that gives it all four session guarantees at once')
    expect(session?.why).toContain('each of the four guarantees holds by itself')
  })
})

describe('the HTML report of a violation', () => {
  const history = made([
    { p: 0, f: 'acquire', key: 'L', out: 3, from: 1e6, to: 2e6, node: 'n1' },
    { p: 1, f: 'acquire', key: 'L', out: 4, from: 40e6, to: 43e6, node: 'n2' },
    { p: 0, f: 'release', key: 'L', in: 3, from: 60e6, to: 62e6, node: 'n1' },
    { p: 1, f: 'release', key: 'L', in: 4, from: 80e6, to: 82e6, node: 'n2' },
  ])
  const counterexample: Counterexample = {
    level: 'linearizable',
    sentence: 'Process 0 held L from 0.002 s to 0.060 s; process 1 was given it by n2 at 0.043 s.',
    operations: [0, 1, 2, 3].map((operation) => ({ operation, role: 'core' as const })),
    keys: ['L'],
    culprit: 1,
  }
  const judged = report('not linearizable', { linearizable: violated(counterexample) }, { model: 'lock' })
  const text = renderHtml({ history, report: judged, title: 't', version: '1', historyFile: 'h' })

  test('the HTML report draws in red, with its length, the time during which two clients held a lock', () => {
    expect(text.match(/<rect class="holding"/g)).toHaveLength(2)
    expect(text.match(/<rect class="holding both"/g)).toHaveLength(2)
    expect(text).toContain('both held it for 17 ms')
  })

  test('the HTML report blames the second grant of a lock, and shows the token of the first grant', () => {
    expect(text).toMatch(/<li class="core bad" data-step="2".*?Process 0 held the lock until 0\.060 s\./)
    expect(text).toContain('ok, token 4')
    const told = renderCheck(judged, history, plainStyle, { ...options, file: 'f.jsonl', parseMs: 1, checkMs: 1 })
    expect(told).toContain('process 0 held the lock until 0.060 s')
  })

  test('the HTML report lists a pause of the lock holder if the pause was in force between the two grants', () => {
    const faults = [
      record('fault-1', { kind: 'pause', nodes: ['n2'] }, 10, 41),
      record('fault-2', { kind: 'pause', nodes: ['n2'] }, 61, 70),
    ]
    const { near } = factsOf({ history, report: judged, run: summary({ report: judged, faults }) })
    expect(near.map(({ relation }) => relation)).toEqual([
      'Fault in force during the request: n2 paused, 0.010 s to 0.041 s.',
    ])
  })

  test('the HTML report names the last failover that took effect before the second grant of a lock', () => {
    const faults = [
      record('fault-1', { kind: 'failover', nodes: ['n3'] }, 0.1, 0.2),
      record('fault-2', { kind: 'failover', nodes: ['n2'] }, 0.4, 0.5),
      record('fault-3', { kind: 'failover', nodes: ['n3'] }, 0.6, 0.7, { hits: 0 }),
      record('fault-4', { kind: 'failover', nodes: ['n1'] }, 50, 51),
    ]
    const { near } = factsOf({ history, report: judged, run: summary({ report: judged, faults }) })
    expect(near.map(({ relation }) => relation)).toEqual(['The last failover had begun at 0.000 s (n2).'])
    const again = [...faults, record('fault-5', { kind: 'failover', nodes: ['n1'] }, 30, 31)]
    const last = factsOf({ history, report: judged, run: summary({ report: judged, faults: again }) })
    expect(last.near.map(({ relation }) => relation)).toEqual(['The last failover had begun at 0.030 s (n1).'])
    // A fault in force during the request is listed before a fault that had ended.
    const cut = [...faults, record('fault-6', { kind: 'pause', nodes: ['n2'] }, 10, 41)]
    const paused = factsOf({ history, report: judged, run: summary({ report: judged, faults: cut }) })
    expect(paused.near.map(({ kind }) => kind)).toEqual(['pause', 'failover'])
  })
})

test('linearizable is reported separately if the counterexample of the other violated level has only one operation', () => {
  const of = (level: string, ...operations: readonly number[]): Counterexample => ({
    ...{ level, sentence: `${level} is broken.`, keys: [] },
    operations: operations.map((operation) => ({ operation, role: 'core' as const })),
  })
  const told = (level: 'eventual' | 'unique', ...operations: readonly number[]) => {
    const [shown, first] = [of(level, ...operations), of('linearizable', 1, 2)]
    const broken = report('not linearizable', { linearizable: violated(first), [level]: violated(shown) })
    return violationsOf(made([]), broken, shown).map(({ counterexample, others }) => [counterexample.level, others])
  }
  expect(told('eventual', 9)).toEqual([
    ['eventual', []],
    ['linearizable', []],
  ])
  // `unique` is a level of watches, which `linearizable` does not imply.
  expect(told('unique', 9)).toEqual([
    ['unique', []],
    ['linearizable', []],
  ])
  expect(told('eventual', 8, 9)).toEqual([['eventual', ['linearizable']]])
})

test('the HTML report shows the exit code if a level was expected or the code is not 0', () => {
  const { history, report: stale } = staleRead()
  const shown = (more: object) =>
    renderHtml({ history, report: stale, title: 't', version: '1', historyFile: 'h', ...more }).includes('Exit code')
  expect(shown({ exitCode: 0 })).toBe(false)
  expect(shown({ exitCode: 2 })).toBe(true)
  expect(shown({ exitCode: 1, expectation: { level: 'linearizable', met: false } })).toBe(true)
})

test('the script data of the HTML page escapes unprintable characters in the names of keys, nodes and processes', () => {
  const name = 'q"\u202enoitcidartnoc'
  const history = made([{ p: 0, f: 'write', key: name, in: 1, from: 1e6, to: 2e6, node: name }], [], [name])
  const text = renderHtml({ history, title: 't', version: '1', historyFile: 'h' })
  expect(text).not.toContain('\u202e')
  expect(text).not.toContain('\\u202eno".')
  const data = JSON.parse(text.match(/id="data">(.*?)<\/script>/s)?.[1] ?? '{}')
  for (const names of [data.processes, data.keys, data.nodes]) expect(names).toEqual(['q"\\u202enoitcidartnoc'])
})

test('the function capitalised leaves a name at the beginning of a sentence unchanged', () => {
  expect(
    [
      'read twice',
      'causal-memory forbids it',
      'x',
      'n1 n3 killed',
      'q"\u202e: read',
      'fault-5 (kill) failed',
      'server.ts:25 awaited',
    ].map(capitalised),
  ).toEqual([
    'Read twice',
    'Causal-memory forbids it',
    'X',
    'n1 n3 killed',
    'q"\u202e: read',
    'fault-5 (kill) failed',
    'server.ts:25 awaited',
  ])
})

test('the tooltip of each possible value of a read is one sentence', () => {
  const titles = [...page(restarted()).matchAll(/<title>(x [^<]*)<\/title>/g)].map(([, title]) => title)
  expect(titles).toContain('x could only be 743')
  for (const title of titles) expect(title).not.toMatch(/could be .* is /)
})

describe('the report of a run', () => {
  const told = restarted()
  const skipped = record('fault-6', { kind: 'kill', nodes: ['n1'] }, 4156, 4156, {
    hits: 0,
    skipped: 'n1 was down or paused already',
  })
  const run = { ...told.run, faults: [...told.run.faults, skipped] }

  test('the report lists a fault that was not injected, with the reason, on the page and in the terminal', () => {
    expect(page({ ...told, run })).toMatch(
      /n1 killed<\/th><td>4.156 s<\/td><td class="wrap" colspan="4">skipped: n1 was down or paused already/,
    )
    const text = renderRun(run, told.history, plainStyle, options).replaceAll(/\s+/g, ' ')
    expect(text).toContain('not injected: n1 killed at 4.156 s (n1 was down or paused already)')
    expect(text).not.toContain('tested nothing')
  })

  test('the report does not draw a fault that was not injected', () => {
    expect(factsOf({ ...told, run }).spans.map(({ from }) => from)).not.toContain(ms(4156))
  })
})

test('the page of a file without an expectation shows evidence, but neither "pass" nor "fail"', () => {
  const { history, report: stale } = staleRead()
  const file: FileSubject = {
    kind: 'file',
    file: 'f.jsonl',
    title: 'f.jsonl',
    report: stale,
    history,
    parseMs: 1,
    checkMs: 1,
    alone: true,
    requestedLevel: 'linearizable',
    expectation: undefined,
    requirements: undefined,
    vacuous: [],
    initial: null,
    explain: false,
    reportFile: undefined,
    again: 'chaos check f.jsonl',
    exitCode: 0,
  }
  expect(findingsOf(file)).toMatchObject([{ result: 'noted', verdict: 'Not linearizable' }])
  expect(renderCheck(stale, history, plainStyle, { ...options, ...file, file: 'f.jsonl' })).not.toContain('exit code')
})

test('the HTML report names the stronger level from which a met level follows', () => {
  const { history } = staleRead()
  const judged = report('sequentially consistent', {
    sequential: met,
    causal: follows('sequential'),
    pram: unknown('why'),
  })
  const text = renderHtml({ history, report: judged, title: 't', version: '1', historyFile: 'h' })
  expect(text).toMatch(/causal<\/th><td>met<\/td><td class="wrap">sequential holds/)
  expect(text).toMatch(/pram<\/th><td>unknown<\/td><td class="wrap">why/)
})

test('a sample of a long timeline contains every operation of the visible part, and marks that part as complete', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => ({ p: 0, f: 'write', in: i, from: i * 1e8, to: i * 1e8 + 1e7 }))
  const { operations, complete, every } = select(made(many), [], [500, 505], 100)
  const inside = (at: number) => complete.some(([from, to]) => from <= at && at <= to)
  expect(complete).toHaveLength(1)
  for (let row = 500; row <= 505; row++) expect(operations).toContain(row)
  expect([inside(500e8), inside(505e8), inside(100e8), every > 1]).toEqual([true, true, false, true])
  expect(select(made(many), [], [500]).complete).toEqual([])
})
