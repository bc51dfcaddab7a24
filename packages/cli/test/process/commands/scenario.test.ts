import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { millis } from '@chaosproxy/history'
import { stories } from '@chaosproxy/scenarios'
import { describe, expect, test } from 'vitest'
import { chaosHere, temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { accidentOf, fixOf, playTale } from '../../../src/scenario/play-tale.ts'

describe.each(stories)('the scenario $name', (story) => {
  test.each(accidentOf(story))('the scenario runs as its description states: $tale.title', async (part) => {
    expect((await playTale(part)).differences).toEqual([])
  })

  test('the fixed version of the scenario runs as the description of that version states', async () => {
    expect((await playTale(fixOf(story))).differences).toEqual([])
  })
})

describe.each(stories.filter(({ ledger }) => ledger !== undefined))('the promise of the scenario $name', (story) => {
  test.each(accidentOf(story))(
    'the faulty version "$tale.title" breaks the promise of its scenario in exactly one step, or is about another promise',
    async (part) => {
      const { promise, steps } = await playTale(part)
      // Among several faulty versions of a scenario (`story.told`), one may have no operations that concern the promise
      // of the scenario. For this version, `promise` is undefined.
      if (promise === undefined) {
        expect(story.told.length).toBeGreaterThan(1)
        return
      }
      expect(promise).toBe(story.ledger?.promise)
      expect(steps.filter(({ ledger }) => ledger?.breaks)).toHaveLength(1)
      // Once a promise is broken, it stays broken.
      const since = steps.findIndex(({ ledger }) => ledger?.breaks)
      expect(steps.map(({ ledger }) => ledger?.broken === true)).toEqual(steps.map((_, i) => i >= since))
    },
  )

  test('at least one faulty version of the scenario breaks the promise of the scenario', async () => {
    const tellings = await Promise.all(accidentOf(story).map(playTale))
    expect(tellings.some(({ steps }) => steps.some(({ ledger }) => ledger?.broken))).toBe(true)
  })

  test('the fixed version of the scenario keeps the promise of the scenario', async () => {
    const { steps } = await playTale(fixOf(story))
    expect(steps.filter(({ ledger }) => ledger?.broken)).toEqual([])
    expect(steps.filter(({ ledger }) => ledger !== undefined).length).toBeGreaterThan(0)
  })
})

test('two masters that cannot communicate keep different values until one value is discarded', async () => {
  const [part] = accidentOf(stories.find(({ name }) => name === 'burrito-and-taco')!)
  const { steps } = await playTale(part!)
  const believed = steps.map(({ nodes = [] }) => nodes.map(({ lines }) => lines.join()).join(' '))
  expect(believed).toEqual(['$10 $10', '$10 $10', '$10 $10', '$0 $10', '$0 $10', '$0 $5', '$5 $5', '$5 $5'])
  expect(steps.map(({ nodes = [] }) => nodes.flatMap(({ node, changed }) => (changed ? [node] : [])).join())).toEqual([
    '',
    '',
    '',
    'n1',
    '',
    'n2',
    'n1',
    '',
  ])
})

test('no two nodes are primary at the end of a step in the fixed version of split-brain', async () => {
  const story = stories.find(({ name }) => name === 'split-brain')!
  const boxesOf = async (part: Parameters<typeof playTale>[0]) =>
    (await playTale(part)).steps.map(({ nodes = [] }) => nodes.map(({ node, lines }) => `${node} ${lines.at(-2)}`))
  const fixed = await boxesOf(fixOf(story))
  for (const boxes of fixed) expect(boxes.filter((box) => box.endsWith('primary')).length).toBeLessThanOrEqual(1)
  expect(fixed[1]).toContain('n1 cut off')
  // Without the fix, both sides of the partition have a primary.
  const [accident] = accidentOf(story)
  const told = await boxesOf(accident!)
  expect(told.some((boxes) => boxes.filter((box) => box.endsWith('primary')).length === 2)).toBe(true)
})

test.each([
  [
    'poisoned-cache',
    'n3',
    ['resolver', 'shop: old server,resolver', 'resolver', 'shop: old server,resolver', 'shop: new server,resolver'],
  ],
  ['blocked-coordinator', 'n2', ['old']],
  // Shows two of the five accounts: those that change.
  [
    'double-transfer',
    'n2',
    ['a $1,000,b $1,000,follower,term 1', 'a $600,b $1,400,follower,term 1', 'a $200,b $1,800,follower,term 1'],
  ],
])('the steps of %s show how the state of %s changes', async (name, node, expected) => {
  const [part] = accidentOf(stories.find((story) => story.name === name)!)
  const { steps } = await playTale(part!)
  const held = steps.flatMap(({ nodes = [] }) =>
    nodes.flatMap((each) => (each.node === node ? [each.lines.join()] : [])),
  )
  expect(held.filter((each, i) => each !== held[i - 1])).toEqual(expected)
})

describe('chaos scenario', () => {
  test('chaos scenario lists the scenarios, one per line', async () => {
    const { stdout, exitCode } = await chaosHere(['scenario'])
    for (const { name, summary } of stories) expect(stdout).toContain(summary === '' ? name : summary)
    expect(exitCode).toBe(0)
  })

  test('chaos scenario lists the scenarios as JSON with --json', async () => {
    const { stdout } = await chaosHere(['scenario', '--json'])
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual(stories.map(({ name }) => name))
  })

  test('chaos scenario reports the overspent amount and the remaining balance in both versions', async () => {
    const { stdout, exitCode } = await chaosHere(['scenario', 'burrito-and-taco'])
    expect(stdout).toMatch(/balance: \$5 .*\n.*\n*.*\$15 spent of \$10, and \$5 are left/)
    expect(stdout).toMatch(/balance: −\$5 .*\n.*\n*.*\$15 spent of \$10, and −\$5 are left/)
    expect(stdout.match(/ended as expected/g)).toHaveLength(2)
    expect(stdout.match(/ {6}✘ spent \$15 of \$10\n/g)).toHaveLength(2)
    expect(exitCode).toBe(0)
  })

  test('chaos scenario prints byte-identical output when repeated', async () => {
    const [one, other] = [
      await chaosHere(['scenario', 'stale-history']),
      await chaosHere(['scenario', 'stale-history']),
    ]
    expect(other.stdout).toBe(one.stdout)
  })

  test('chaos scenario shows the fixed version with --fix', async () => {
    const { stdout, exitCode } = await chaosHere(['scenario', 'burrito-and-taco', '--fix', '--json'])
    const { asTold, tellings } = JSON.parse(stdout)
    expect(asTold).toBe(true)
    expect(tellings).toMatchObject([{ title: 'Raft on three nodes', verdicts: { linearizable: 'met' } }])
    expect(exitCode).toBe(0)
  })

  test('chaos scenario passes the result to every requested reporter', async () => {
    const directory = temporaryDirectory()
    const files = ['junit', 'markdown', 'html'].map((name) => [name, join(directory, name)] as const)
    const reporters = files.flatMap(([name, file]) => ['--reporter', `${name}=${file}`])
    const { stdout, exitCode } = await chaosHere(['scenario', 'burrito-and-taco', '--reporter', 'jsonl', ...reporters])
    expect(exitCode).toBe(0)
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      {
        command: 'scenario',
        result: 'passed',
        title: 'Ended as expected',
        sentence: expect.stringContaining('$5 are left'),
      },
      {
        command: 'scenario',
        result: 'passed',
        title: 'Ended as expected',
        sentence: expect.stringContaining('−$5 are left'),
      },
    ])
    const [junit, markdown, page] = files.map(([, file]) => readFileSync(file, 'utf8'))
    expect(junit).toContain('<testsuite name="chaos" tests="2" failures="0" errors="0"')
    expect(markdown).toContain('| ✅ | burrito-and-taco: two masters, the last writer wins | Ended as expected |')
    expect(page).toContain('Raft on three nodes')
  })

  test('chaos scenario writes a page without external resources that shows each faulty version next to its fix', async () => {
    const page = join(temporaryDirectory(), 'story.html')
    const { exitCode } = await chaosHere(['scenario', 'burrito-and-taco', '--html', page])
    expect(exitCode).toBe(0)
    const text = readFileSync(page, 'utf8')
    expect(text).not.toMatch(/https?:|src=|href="(?!#|data:,")/)
    // Each of the two accidents is shown next to its fix.
    expect(text.match(/<h2 id="telling-\d">/g)).toHaveLength(2)
    expect(text.match(/<b class="system">Told: two masters/g)).toHaveLength(2)
    expect(text.match(/<b class="system">Fixed: Raft on three nodes/g)).toHaveLength(2)
    expect(text).toContain('The promise: Never more is spent than was paid in.')
    // In each of the two accidents, the step that breaks the promise is highlighted.
    expect(text.match(/<li id="[^"]*" class="breaks">/g)).toHaveLength(2)
    expect(text.match(/<span class="ledger bad">✘ spent \$15 of \$10</g)).toHaveLength(2)
    expect(text).toContain('<span class="whose">n2: </span><span>$5</span>')
    await chaosHere(['scenario', 'burrito-and-taco', '--fix', '--html', page])
    expect(readFileSync(page, 'utf8')).toBe(text)
  })

  test('chaos scenario plots the goodput over time, in the terminal, as JSON and on the page', async () => {
    const page = join(temporaryDirectory(), 'storm.html')
    const { stdout, exitCode } = await chaosHere(['scenario', 'retry-storm', '--html', page])
    expect(stdout).toMatch(/answered requests a second; 70 are asked\n +\d+ {2}[▁-█ ]+\n/)
    expect(stdout).toMatch(/0 {2}─{8}✘{4}─+\n/)
    expect(stdout).toContain('✘ pause, 2 s to 3 s')
    expect(exitCode).toBe(0)
    expect(readFileSync(page, 'utf8').match(/<figure class="goodput">/g)).toHaveLength(4)
    const fix = await chaosHere(['scenario', 'retry-storm', '--fix', '--json'])
    const { answeredPerSecond } = JSON.parse(fix.stdout).tellings[0].goodput
    expect(answeredPerSecond).toHaveLength(40)
    expect(Math.min(...answeredPerSecond.slice(16))).toBeGreaterThan(50)
  })

  test('the page of chaos scenario does not overwrite a text file', async () => {
    const file = join(temporaryDirectory(), 'notes.txt')
    writeFileSync(file, 'mine')
    const { exitCode, stderr } = await chaosHere(['scenario', 'burrito-and-taco', '--html', file])
    expect(stderr).toMatch(/^--html .*would overwrite/)
    expect(exitCode).toBe(3)
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  test.each([
    [['scenario', 'burito-and-taco'], /no scenario burito-and-taco\. Did you mean burrito-and-taco\?/],
    [['scenario', '--fix'], /--fix needs the name of one scenario/],
    [['scenario', '--real'], /--real needs the name of one scenario/],
    [['scenario', '--html', 'x.html'], /--html x.html needs the name of one scenario/],
    [
      ['scenario', 'time-goes-back', '--real'],
      /cannot suffer clock when .*: all processes of a machine read the same clock/,
    ],
  ])('chaos scenario refuses %j with a remedy', async (args, message) => {
    const { stderr, exitCode } = await chaosHere(args)
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })
})

test('playTale reports a goodput that differs from the description of the scenario', async () => {
  const story = stories.find(({ name }) => name === 'retry-storm')
  if (story === undefined) throw new Error('the story is gone')
  const other = { ...story.fix, ending: { ...story.fix.ending, goodput: story.told[0].ending.goodput } }
  expect((await playTale({ tale: other, kind: 'fix' })).differences).toEqual([
    expect.stringMatching(
      /^between 4 s and 10 s, \d+% of the requests were answered, where the story expects at most 10%$/,
    ),
  ])
})

test('playTale reports responses, final values and verdicts that differ from the description of the scenario', async () => {
  const [told] = stories.find(({ name }) => name === 'stale-history')?.told ?? []
  if (told === undefined) throw new Error('the story is gone')
  const other = {
    ...told,
    beats: told.beats.map((beat) =>
      beat.type === 'asking' && beat.atMs === millis(700)
        ? { ...beat, answer: { type: 'ok' as const, value: 60 } }
        : beat,
    ),
    ending: {
      ...told.ending,
      finally: { balance: 100 },
      verdicts: { ...told.ending.verdicts, linearizable: 'met' as const },
    },
  }
  expect((await playTale({ tale: other, kind: 'accident' })).differences).toEqual([
    'Jose asked n2 to read balance and got $100, where the story expects $60',
    expect.stringMatching(/^in the end the nodes answer (n. \$60(, )?){3} for balance, where the story expects \$100$/),
    'linearizable is violated, where the story expects met',
  ])
})
