import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { isPatient, patientTest, test as quickTest } from '../../../../testing/src/patient.ts'
import { folderWith, RACING } from '../../../../testing/src/racing-register.ts'
import { parseCompareSettings } from '../../../src/compare/use.ts'
import { momentsOf, type Printed, squeezed, type Tellings, tellingsOf, words } from '../../pages/tellings.ts'

// The page, the terminal, --json, explain, diff, check, compare and every reporter must agree about one run.

/** The name of the run, its settings and its exit code. */
type Kind = readonly [name: string, settings: readonly string[], exitCode: number]

const kind = (name: string, exitCode: number, settings: string): Kind => [name, settings.split(' '), exitCode]

const SIMULATED: readonly Kind[] = [
  kind('a stale read', 1, '--target primary-replica --faults kill,partition --time 2s --expect linearizable'),
  kind('a stale read that nobody minds', 0, '--target primary-replica --faults kill,partition --time 2s --expect none'),
  kind(
    'a lock with two holders',
    1,
    '--target redlock --workload lock --set ttl-ms=200 --faults pause,clock --time 3s --expect linearizable',
  ),
  kind(
    'a queue that loses',
    1,
    '--target broker --set delivery=at-most-once --workload queue --faults kill,loss --time 3s --rate 150 --expect linearizable',
  ),
  kind('a clean run', 0, '--target raft --faults kill --time 2s'),
  kind('a vacuous run', 2, '--target raft --faults none --time 1s --workload-set reads=1'),
  kind(
    'a read that goes back',
    1,
    '--target quorum --set r=1 --set w=1 --faults partition --time 2s --expect monotonic-reads',
  ),
  kind(
    'a write that is lost',
    1,
    '--target raft --bug ack-before-majority --faults isolate-leader --time 3s --expect linearizable',
  ),
  kind(
    'a counter that loses an update',
    1,
    '--target master-master --set sums=settle --workload counter --faults partition --time 2s --expect eventual',
  ),
  kind(
    'an account that is overdrawn',
    1,
    '--target master-master --workload bank --faults partition --time 2s --expect linearizable',
  ),
  kind(
    'transactions that lose an update',
    1,
    '--target primary-replica --workload write-skew --faults partition --time 2s --expect serializable',
  ),
  kind(
    'a message that comes twice',
    1,
    '--target broker --set delivery=at-least-once --workload queue --faults lose-reply,loss --time 2s --rate 150 --expect linearizable',
  ),
  kind(
    'an element that is lost',
    1,
    '--target primary-replica --workload set --faults kill --time 2s --expect eventual',
  ),
  kind(
    'replicas that disagree at the end',
    1,
    '--target primary-replica --bug no-fencing --set reads=primary --set sync=majority --faults isolate-leader --time 3s --expect eventual',
  ),
  kind(
    'a level that is not decided',
    2,
    '--target primary-replica --faults kill --time 2s --expect sequential --check-timeout 1ms',
  ),
  kind('a promise of less', 0, '--target primary-replica --faults partition --time 2s --expect eventual'),
  kind('a missed requirement', 1, '--target raft --faults kill --time 2s --require availability>=99.9%'),
]

/** A run on real processes. The proxy records their messages. */
const REAL = kind(
  'a stale read of real processes',
  1,
  '--target primary-replica --faults partition --time 3s --expect linearizable',
)

/** A run on real processes, because simulated runs end before they can be interrupted. */
const INTERRUPTED = kind('an interrupted run', 130, '--target raft --faults none --time 60s')

const RUNS = [...SIMULATED, REAL, INTERRUPTED] as const

/** The quick test covers a stale read, a loss and real processes; the soak covers the other runs. */
const QUICK: ReadonlySet<string> = new Set(['a stale read', 'a queue that loses', REAL[0]])

/** A diagram shows at most this many of the deciding operations. */
const MOST_IN_DIAGRAM = 8

/** Returns the sentence about the violation without its cause. */
const storyOf = ({ sentence, telling: { outcome, why } }: Printed): string =>
  outcome === 'violated' && sentence.endsWith(why.text) ? sentence.slice(0, sentence.length - why.text.length) : ''

/** Returns the counterexample that is shown first. */
const violated = ({ json }: Pick<Tellings, 'json'>): Printed => json.levels[json.shown]?.counterexample

describe.each(
  RUNS.filter(([name]) => QUICK.has(name) !== isPatient).map(([name, settings]) => [name, settings] as const),
)('all reports of %s', (name, settings) => {
  test('every report of a run states the same headline and verdict', async () => {
    const { json, text, terminal, explained, line, markdown, junit, checked, difference } = await tellingsOf(
      name,
      settings,
    )
    const { title, verdict } = json
    expect(text).toContain(title === verdict ? title : `${title} ${verdict}`)
    expect(terminal).toContain(`  ${verdict.toUpperCase()}`)
    if (title !== verdict) expect(squeezed(terminal)).toContain(squeezed(`${title}${verdict}`))
    expect([explained.title, explained.verdict]).toEqual([title, verdict])
    const told = title === verdict ? title : `${title} (${verdict.charAt(0).toLowerCase()}${verdict.slice(1)})`
    expect(line).toContain(`: ${told}`)
    expect(markdown).toContain(`| ${told} |`)
    if (/failures="1"/.test(junit)) expect(junit).toContain(`message="${told.replaceAll('"', '&quot;')}`)
    if (verdict.startsWith('Not ')) expect([checked.title, checked.shown]).toEqual([title, json.shown])
    for (const told of difference.tellings) expect(told).toMatchObject({ what: title, verdict })
  })

  test('every report of a run states the same result for each level', async () => {
    const { json, page, explained, checked, difference } = await tellingsOf(name, settings)
    const results = Object.entries<Printed>(json.levels).map(([level, { result }]) => [level, result])
    const rows = [...page.matchAll(/<tr><th scope="row">([\w-]+)<\/th><td>(met|violated|unknown)<\/td>/g)]
    expect(rows.map(([, level, result]) => [level, result])).toEqual(results)
    expect(explained.levels.map((each: Printed) => [each.level, each.result])).toEqual(results)
    expect(Object.entries<Printed>(checked.levels).map(([level, { result }]) => [level, result])).toEqual(results)
    expect(difference.levels).toEqual([])
  })

  test('every report of a run states the same exit code, with the symbol of that code', async () => {
    const { exitCode, page, terminal, line, markdown, json, junit } = await tellingsOf(name, settings)
    const shown = page.match(/<dt>Exit code<\/dt><dd>(\d+)/)?.[1]
    expect(shown ?? '0').toBe(String(exitCode))
    const last = terminal.match(/exit code (\d+)/)?.[1]
    expect(last ?? '0').toBe(String(exitCode))
    const isGood = ['met', 'weaker'].includes(json.telling.outcome)
    expect(line[0]).toBe(exitCode === 1 ? '✘' : exitCode === 0 ? (isGood ? '✔' : '•') : '?')
    expect(markdown.includes('✅')).toBe(exitCode === 0 && isGood)
    expect(/failures="1"/.test(junit)).toBe(exitCode === 1)
  })

  test('every report of a run describes the violation in the same sentence, with the same faults and times', async () => {
    const telling = await tellingsOf(name, settings)
    const { json, text, terminal, explained, line, checked } = telling
    const counterexample = violated(telling)
    if (counterexample === undefined) return expect(explained).toMatchObject({ sentence: '', steps: [], faults: [] })
    // The reporter `line` does not mention a level that was not expected.
    const isAside = json.telling.outcome !== 'violated'
    const pages = [text, terminal, explained.sentence, ...(isAside ? [] : [line])].map(squeezed)
    for (const page of pages) expect(page).toContain(squeezed(storyOf(json)))
    for (const { text: fault, relation } of counterexample.faults ?? []) {
      expect(squeezed(text)).toContain(squeezed(fault))
      expect(squeezed(explained.faults.join(' '))).toContain(squeezed(fault))
      expect(relation.length).toBeGreaterThan(0)
    }
    const [first] = counterexample.faults ?? []
    if (json.telling.why.text.includes(first?.relation))
      for (const page of pages) expect(page).toContain(squeezed(first.relation))
    expect(explained.faults).toHaveLength(counterexample.faults?.length ?? 0)
    // A check of the history alone knows the times of faults, but no messages. The messages of a run may show that its
    // faults affected none of them, so the run reports no faults.
    const textsOf = (faults: Printed) => faults?.map(({ text: fault }: Printed) => fault)
    if (json.messages === undefined || first !== undefined)
      expect(textsOf(violated({ ...telling, json: checked })?.faults)).toEqual(textsOf(counterexample.faults))
  })

  test('all reports that list the messages between nodes list the same messages, with the same fates and times', async () => {
    const { json, text, terminal, explained, markdown, svg } = await tellingsOf(name, settings)
    if (json.messages === undefined) return expect(explained.messages).toEqual([])
    const { messages, sentence, others } = json.messages
    expect(explained.messages.length).toBeGreaterThanOrEqual(messages.length + (others > 0 ? 1 : 0))
    // If all violated levels are levels that the run was not expected to meet, the Markdown report shows neither the
    // contradiction nor its messages.
    const isAside = json.telling.outcome !== 'violated'
    for (const line of explained.messages)
      for (const place of isAside ? [text] : [text, markdown]) expect(squeezed(place)).toContain(squeezed(line))
    for (const place of [text, terminal, explained.sentence, ...(isAside ? [] : [markdown, svg])])
      expect(squeezed(place)).toContain(squeezed(sentence))
    const fates = messages.map(({ fate, sentAt }: Printed) => [fate, (sentAt / 1e9).toFixed(4)])
    for (const [fate, at] of fates)
      expect(explained.messages.some((line: string) => line.includes(`sent at ${at} s`) && line.includes(fate))).toBe(
        true,
      )
    // In the drawing, the title of each message's arrow is the line that describes the message. A table of the nodes'
    // states has no arrows.
    if (!svg.includes('class="message')) return
    for (const line of explained.messages.slice(0, messages.length)) expect(svg).toContain(squeezed(line))
    expect(svg.includes('class="message never"')).toBe(json.messages.neverSent)
  })

  test('the sentence about the violation is the same in every reporter, in chaos explain and in chaos diff', async () => {
    const { json, explained, markdown, svg, junit, tap, lines, line, told, difference, compared, page } =
      await tellingsOf(name, settings)
    const { sentence = '' } = json
    expect(explained.sentence).toBe(sentence)
    for (const told of difference.tellings) expect(told.sentence).toBe(sentence)
    if (sentence === '') return
    const { why, outcome } = json.telling
    const story = storyOf(json)
    if (outcome !== 'violated') return
    // The page and the SVG drawing show what happened (`story`) and its cause (`why`) under separate headings.
    const apart = { page, svg }
    for (const [where, place] of Object.entries(apart))
      for (const part of [story, why.text]) expect(squeezed(words(place)), where).toContain(squeezed(part))
    const everywhere = { markdown, tap, junit, lines, line, told, ...compared }
    for (const [where, place] of Object.entries(everywhere))
      expect(squeezed(words(place)), where).toContain(squeezed(sentence))
    // The diagram shows the operations of the counterexample in their order.
    const diagram = markdown.match(/```mermaid\n(.*?)\n```/s)?.[1] ?? ''
    const { operations } = violated({ json })
    expect(diagram.match(/^ {2}c\d-(?:>>|\))n\d: /gm)).toHaveLength(Math.min(operations.length, MOST_IN_DIAGRAM))
  })

  test('every report of a run states the same outcome, cause and next step', async () => {
    const { json, explained, markdown, junit, tap, lines, told, page, terminal, compared } = await tellingsOf(
      name,
      settings,
    )
    const { outcome, what, why, next } = json.telling
    expect(what).toBe(json.title)
    expect(json.sentence ?? '').toContain(outcome === 'violated' ? why.text : '')
    expect([explained.why.text, explained.next]).toEqual([why.text, next])
    // In the Markdown report, a passed run is only a row of the table of runs, without a next step.
    const comment = outcome === 'met' || outcome === 'weaker' ? {} : { markdown }
    for (const [where, place] of Object.entries({ page, terminal, tap, lines, told, ...compared, ...comment }))
      expect(squeezed(words(place)), where).toContain(squeezed(next.text))
    if (outcome === 'violated') expect(squeezed(words(junit))).toContain(squeezed(next.text))
    if (outcome !== 'unknown')
      for (const [where, place] of Object.entries({ page, terminal }))
        expect(squeezed(words(place)), where).toContain(squeezed(why.text))
    if (next.command !== undefined)
      for (const [where, place] of Object.entries({ page, terminal, ...compared }))
        expect(squeezed(words(place)), where).toContain(squeezed(next.command))
  })

  test('every report of a run counts the same number of operations', async () => {
    const { json, text, terminal, markdown, difference } = await tellingsOf(name, settings)
    const { total, ok, fail, info } = json.operations
    const [all, done, failed, unknown] = [total, ok, fail, info].map((amount) => amount.toLocaleString('en'))
    expect(text).toContain(
      `total ${all} ok ${done} fail, certainly not done ${failed} info, outcome unknown ${unknown}`,
    )
    // A small terminal does not show the numbers of operations by outcome.
    if (/ops\/s/.test(terminal))
      expect(squeezed(terminal)).toMatch(
        new RegExp(`${all}operations\\([\\d,]+ops/s\\):${done}ok,${failed}fail(\\([^)]*\\))?,${unknown}info`),
      )
    expect(markdown).toContain(` | ${all} | `)
    const figures = new Map(difference.figures.map(({ what, before }: Printed) => [what, before]))
    expect(['operations', 'ok', 'failed', 'outcome unknown'].map((what) => figures.get(what))).toEqual([
      all,
      done,
      failed,
      unknown,
    ])
    for (const [phase, { staleReads = 0 }] of Object.entries<Printed>(json.phases))
      expect(figures.get(`stale reads, ${phase}`) ?? '0').toBe(staleReads.toLocaleString('en'))
  })

  test('every report of a run counts the same violations in each phase', async () => {
    const { json, text, terminal } = await tellingsOf(name, settings)
    const phases = Object.entries<Printed>(json.phases)
    const broken = phases.filter(([, { broken }]) => broken !== null)
    expect(text.includes('stale reads ✘') || /violation seen .*✘/.test(text)).toBe(broken.length > 0)
    for (const [phase, { staleReads = 0 }] of phases) {
      if (staleReads === 0) continue
      const stale = staleReads.toLocaleString('en')
      expect(text).toMatch(new RegExp(`${phase.replaceAll('+', '\\+')} [^✘]* ${stale} ✘ linearizable`))
      expect(squeezed(terminal)).toMatch(
        new RegExp(`${squeezed(phase).replaceAll('+', '\\+')}[^\u00b7]*${stale}(stale|linearizable)`),
      )
    }
  })

  test('every report of a run lists the same faults, with the times that the history states', async () => {
    const { spans, json, page } = await tellingsOf(name, settings)
    const { kept, recorded } = spans
    expect(momentsOf(recorded)).toEqual(momentsOf(kept))
    const injected = json.faults.filter((fault: Printed) => fault.skipped === undefined)
    expect(kept.map(({ from, to }) => [from, to])).toEqual(
      injected.map((fault: Printed) => [fault.fromNanos, fault.toNanos]),
    )
    for (const { label, from, to } of kept)
      expect(words(page)).toContain(`${label} ${(from / 1e9).toFixed(3)} s ${(to / 1e9).toFixed(3)} s`)
  })

  test('every report of a run states the same availability for each phase', async () => {
    const { json, text, terminal, difference } = await tellingsOf(name, settings)
    const compared = new Map(difference.figures.map((row: Printed) => [row.what, row]))
    for (const [phase, share] of Object.entries<number | null>(json.availability.phases)) {
      const figure = compared.get(`availability, ${phase}`) as Printed
      if (share === null) {
        expect(figure).toBeUndefined()
        continue
      }
      expect(figure.before).toBe(figure.after)
      // Without faults, the last phase is called "at the end".
      const shown = phase === 'healed' && json.faults.length === 0 ? 'at the end' : phase
      expect(text).toMatch(
        new RegExp(`${shown.replaceAll('+', '\\+')} \\d+% [\\d,]+ ${figure.before.replace('.', '\\.')}`),
      )
      expect(terminal.replaceAll(/ +/g, ' ')).toMatch(
        new RegExp(`${shown.replaceAll('+', '\\+')} (\\d+% )?${figure.before.replace('.', '\\.')}`),
      )
    }
  })

  test('every report of a run counts the same number of lost writes', async () => {
    const { json, text, terminal, difference } = await tellingsOf(name, settings)
    const lost = json.accounting?.totals.lost ?? json.totals?.lost ?? json.lost.length
    const row = difference.figures.find(
      ({ what }: Printed) => what === (json.accounting ? 'missing elements' : 'lost writes'),
    )
    expect(row.before).toBe(String(lost))
    // A value that a dequeue of unknown outcome may have taken is not called lost.
    if (json.accounting?.totals.lost > 0 && !/lost/.test(json.title)) return
    const said = json.accounting
      ? new RegExp(`${lost} lost `)
      : new RegExp(`${lost} (last )?acknowledged writes? in no final read`)
    expect(said.test(text)).toBe(lost > 0)
    expect(said.test(terminal.replaceAll(/\s+/g, ' '))).toBe(lost > 0)
  })
})

patientTest('the headline of each kind of run says what users lost', async () => {
  const titles = await Promise.all(
    SIMULATED.map(async ([name, settings]) => (await tellingsOf(name, settings)).json.title),
  )
  expect(titles).toMatchInlineSnapshot(`
    [
      "After p14 had read 667, p11 saw j go back to 663",
      "After p14 had read 667, p11 saw j go back to 663",
      "p3 was given lock y, which p17 had not released",
      "2 acknowledged messages were lost",
      "Linearizable",
      "Inconclusive",
      "Not monotonic in its reads",
      "p2's confirmed write was missing at n4",
      "The counters lost 702 additions",
      "Account a was overdrawn by 10,836",
      "At least 11 updates were lost",
      "7 messages were handed out more than once",
      "1 acknowledged element was lost",
      "At the end n5 answered another value of p than the others",
      "Unknown whether sequentially consistent",
      "Only eventually consistent",
      "Linearizable, but not as required",
    ]
  `)
})

/** A history with two changes, and a watch that delivers only the second change. */
const SKIPPING = [
  { chaos: 1, model: 'watch', initial: null },
  ...[
    ['put', 1, 2, { key: 'x' }],
    ['put', 2, 3, { key: 'x' }],
    ['watch', { watch: 1, from: 2 }, { revision: 3 }, {}],
    ['watched', { watch: 1 }, [{ events: [{ revision: 3, key: 'x', value: 2 }] }], {}],
  ].flatMap(([f, value, output, more], process) => [
    { process, type: 'invoke', f, value, time: 2 * process * 1e6, ...(more as object) },
    { process, type: 'ok', f, value: output, time: (2 * process + 1) * 1e6, ...(more as object) },
  ]),
]

/** Two transactions, each of which reads the key that the other one writes. */
const SKEWED = ['invoke', 'ok'].flatMap((type, at) =>
  ['x', 'y'].map((key, process) => ({
    ...{ process, type, f: 'txn', time: (2 * at + process) * 1e6 },
    value: [
      ['r', 'x', null],
      ['r', 'y', null],
      ['w', key, process + 1],
    ],
  })),
)

const toldAs = (at: number) => [RUNS[at]![0], RUNS[at]![1]] as const

patientTest('every simulated run whose reports are compared ends with its expected exit code', async () => {
  const codes = await Promise.all(
    SIMULATED.map(async ([name, settings]) => (await tellingsOf(name, settings)).exitCode),
  )
  expect(codes).toEqual(SIMULATED.map(([, , exitCode]) => exitCode))
  const queue = await tellingsOf(...toldAs(3))
  expect(queue.json.accounting.totals.lost).toBeGreaterThan(0)
  const lock = await tellingsOf(...toldAs(2))
  expect(violated(lock).sentence).toMatch(/held y from .* and failed to release it at .*; process 3 was given it/)
})

describe('the violation in a history without a run', () => {
  test.each([
    ['of a watch that skips a change', 'faithful', SKIPPING],
    ['of a write skew', 'serializable', SKEWED],
  ] as const)('every report describes the violation of %s in the same words', async (_, level, events) => {
    const file = join(temporaryDirectory(), 'history.jsonl')
    writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    await expectOneTelling(file, level)
  })

  patientTest('a violation across an await is described in the same words in every report', async () => {
    const cwd = folderWith(RACING)
    const search = '--nodes 1 --faults none --clients 4 --workload-set cas=0.5 --keys 1 --seeds 64 --workers 1'
    const found = await chaos(['simulate', './server.ts', ...search.split(' '), '--json'], { cwd })
    const { failures } = JSON.parse(found.stdout)
    const { sentence } = failures[0].race
    const history = join(cwd, failures[0].replay.replace(/\.json$/, '.jsonl'))
    const told = await expectOneTelling(history, 'linearizable')
    expect(told.telling.why).toMatchObject({ text: `${sentence}.`, certainty: 'shown' })
    const searched = await chaos(['simulate', './server.ts', ...search.split(' ')], { cwd })
    for (const part of [told.telling.what, sentence, told.telling.next.text])
      expect(squeezed(searched.stdout)).toContain(squeezed(part))
  })
})

/** Returns the visible text of a report. JUnit reports have their title in an attribute. */
const toldBy = (reporter: string, text: string): string =>
  words(reporter === 'junit' ? text.replaceAll(/<\w+ |>/g, ' ') : text)

/** Compares the texts of `check`, `explain`, `diff` and every reporter for one file. Returns the result of `--json`. */
async function expectOneTelling(file: string, level: string): Promise<Printed> {
  const files = temporaryDirectory()
  const reporters = ['json', 'html', 'jsonl', 'junit', 'markdown', 'line', 'tap', 'github'] as const
  const { stdout: terminal, exitCode } = await chaosHere([
    ...['check', file, '--expect', level],
    ...reporters.flatMap((name) => ['--reporter', `${name}=${join(files, name)}`]),
  ])
  expect(exitCode).toBe(1)
  const json = JSON.parse(readFileSync(join(files, 'json'), 'utf8'))
  const { what, why, next, outcome } = json.telling
  expect([outcome, what]).toEqual(['violated', json.title])
  const places = Object.fromEntries(
    reporters.map((name) => [name, toldBy(name, readFileSync(join(files, name), 'utf8'))]),
  )
  const { stdout: explained } = await chaosHere(['explain', file])
  const { stdout: compared } = await chaosHere(['diff', file, file])
  const said = (place: string) =>
    squeezed(
      place
        .replaceAll('%0A', ' ')
        .replaceAll('\\"', '"')
        .replaceAll(/\\([\\`*_[\]<>#|~])/g, '$1'),
    )
  for (const [where, place] of Object.entries({ ...places, terminal, explained, compared }))
    for (const part of [what, why.text, ...(where === 'line' ? [] : [next.text])])
      expect(said(place), where).toContain(squeezed(part))
  return json
}

const COMPARED = {
  targets: 'primary-replica,master-master',
  faults: 'isolate-leader',
  seeds: '1',
  seed: '2',
  time: '2s',
  rate: '150',
  timeout: '900ms',
} as const

/** Performs one run of a comparison with `chaos run`, and returns what it prints. */
async function runAlone(spec: object): Promise<{ readonly exitCode: number | null; readonly json: Printed }> {
  const directory = temporaryDirectory()
  const file = join(directory, 'spec.json')
  writeFileSync(file, JSON.stringify(spec))
  const { exitCode, stdout } = await chaosHere(['run', '--spec', file, '--out', directory, '--json'])
  return { exitCode, json: JSON.parse(stdout) }
}

quickTest(
  "a comparison describes each run in the words of the run's own report, in every format",
  async () => {
    const files = temporaryDirectory()
    const reporters = ['json', 'html', 'markdown', 'line', 'junit'] as const
    const { stdout: terminal } = await chaosHere([
      'compare',
      ...Object.entries(COMPARED).flatMap(([name, value]) => [`--${name}`, value]),
      ...reporters.flatMap((name) => ['--reporter', `${name}=${join(files, name)}`]),
    ])
    const told = (name: (typeof reporters)[number]) => readFileSync(join(files, name), 'utf8')
    const page = words(told('html'))
    const lines = told('line').trim().split('\n')
    const { systems: planned } = (await parseCompareSettings(COMPARED)).plan
    const { systems: compared, next } = JSON.parse(told('json'))
    for (const place of [terminal, page, told('markdown').replaceAll(/\\(.)/g, '$1')])
      for (const part of [next.text, next.command]) expect(squeezed(place)).toContain(squeezed(part))
    for (const [i, { name, cells }] of planned.entries()) {
      for (const [j, { condition, pairs }] of cells.entries()) {
        const cell = compared[i].cells[j]
        const { main, sets } = pairs[0]
        const run = await runAlone(main)
        const alone = { registers: run, sets: sets === undefined ? undefined : await runAlone(sets) }
        const where = `${name} under ${condition}`
        // The comparison must show the level that the run met, and whether the promise was kept.
        const results = [alone.registers, ...(alone.sets === undefined ? [] : [alone.sets])]
        const violated = results.flatMap(({ json }) =>
          Object.entries<Printed>(json.levels).flatMap(([level, { result }]) => (result === 'violated' ? level : [])),
        )
        // If even `eventual` is violated, the cell shows no level.
        if (violated.includes('eventual')) expect([where, cell.level]).toEqual([where, 'none'])
        else
          expect([where, run.json.levels[cell.level].result, violated.includes(cell.level)]).toEqual([
            where,
            'met',
            false,
          ])
        const order = ['linearizable', 'sequential']
        const stronger = order.slice(0, order.includes(cell.level) ? order.indexOf(cell.level) : order.length)
        for (const level of stronger) expect([where, level, violated.includes(level)]).toEqual([where, level, true])
        expect([where, cell.kept ?? true]).toEqual([where, results.every(({ exitCode }) => exitCode === 0)])
        // The numbers.
        const lost = (alone.sets ?? alone.registers).json.lost.length
        const phase = run.json.latency.phases[condition === 'calm' ? 'calm' : 'partition']
        expect([where, cell.lost, cell.latency.p50, cell.latency.p99]).toEqual([
          where,
          lost,
          phase.p50Nanos,
          phase.p99Nanos,
        ])
        expect([where, cell.staleNanos ?? 0]).toEqual([where, run.json.staleness?.behindNanos.max ?? 0])
        // Every output format shows the same level.
        const level = cell.level === 'none' ? 'not even eventual' : cell.level.replaceAll('-', ' ')
        expect(page).toContain(`${level} 1 of 1 run${lost > 0 ? ` · ${lost} lost` : ''}`)
        const line = lines.find((each) => each.includes(where)) ?? ''
        expect(squeezed(line)).toContain(squeezed(`${where}: ${level}`))
        const isGood = cell.kept === true || (cell.level === 'linearizable' && lost === 0)
        expect(line[0]).toBe(isGood ? '✔' : '•')
        if (lost > 0) expect(line).toContain(`${lost} lost`)
        const row = told('markdown')
          .match(new RegExp(`^\\| ${name} \\|.*`, 'm'))?.[0]
          .split(' | ')
        expect(row?.[2 + j]?.replace(' |', '')).toBe(level)
        expect(told('junit')).toContain(`name="${where}"`)
      }
      const row = terminal.split('\n').find((text) => text.trim().startsWith(name)) ?? ''
      const signs: { readonly [level: string]: string } = { linearizable: '●', sequential: '⊖', causal: '◑', none: '⊘' }
      for (const { level, lost } of compared[i].cells)
        expect(row).toContain(`${signs[level]}${lost > 0 ? '−' : ' '}`.trim())
    }
    expect(compared.flatMap(({ cells }: Printed) => cells.map(({ lost }: Printed) => lost > 0))).toContain(true)
  },
  60_000,
)

quickTest('messages between nodes are reported for simulated and for real runs', async () => {
  for (const [name, settings] of [SIMULATED[0]!, REAL].map(([name, settings]) => [name, settings] as const)) {
    const { json } = await tellingsOf(name, settings)
    const { operations, culprit } = json.levels[json.shown].counterexample
    const reader = operations[culprit]?.node
    const isOfTwo = reader !== undefined && operations.some(({ f, node }: Printed) => f !== 'read' && node !== reader)
    // In a real run, the first violation may be by a node that forgot its own state. No message explains such a
    // violation.
    if (settings === REAL[1] && !isOfTwo) {
      expect([name, json.messages]).toEqual([name, undefined])
      continue
    }
    const { messages, neverSent, unclear, sentence } = json.messages ?? {}
    // In real runs, a message may be missing from the record or be unrecognised. The page then says so.
    const isTold = messages?.length > 0 || neverSent || (settings === REAL[1] && unclear !== undefined)
    expect([name, isTold, sentence]).toEqual([name, true, expect.any(String)])
  }
})

quickTest('the history of a run on real processes is enough to report the faults of the run', async () => {
  const { explained, alone } = await tellingsOf(REAL[0], REAL[1])
  // The run reports no faults if its messages show that the faults affected none of them.
  if (explained.messages.length === 0 || explained.faults.length > 0) expect(alone.faults).toEqual(explained.faults)
})
