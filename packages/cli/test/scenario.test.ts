import { millis } from '@chaosproxy/history'
import { stories } from '@chaosproxy/scenarios'
import { describe, expect, test } from 'vitest'
import { playTale } from '../src/scenario/play-tale.ts'
import { chaosHere } from './chaos.ts'

describe.each(stories)('the story $name', ({ told, fix }) => {
  test.each(told)('ends as told: $title', async (tale) => {
    expect((await playTale(tale)).differences).toEqual([])
  })

  test('is prevented by its fix', async () => {
    expect((await playTale(fix)).differences).toEqual([])
  })
})

describe('chaos scenario', () => {
  test('lists the stories, with a line each', async () => {
    const { stdout, exitCode } = await chaosHere(['scenario'])
    for (const { name, summary } of stories) expect(stdout).toContain(summary === '' ? name : summary)
    expect(exitCode).toBe(0)
  })

  test('lists them as JSON too', async () => {
    const { stdout } = await chaosHere(['scenario', '--json'])
    expect(JSON.parse(stdout).map(({ name }: { name: string }) => name)).toEqual(stories.map(({ name }) => name))
  })

  test('tells how $15 are spent of $10, twice, and what is left', async () => {
    const { stdout, exitCode } = await chaosHere(['scenario', 'burrito-and-taco'])
    expect(stdout).toMatch(/balance: 5\n.*\n*.*\$15 spent of \$10, and \$5 are left/)
    expect(stdout).toMatch(/balance: -5\n.*\n*.*\$15 spent of \$10, and −\$5 are left/)
    expect(stdout.match(/ended as told/g)).toHaveLength(2)
    expect(exitCode).toBe(0)
  })

  test('tells the same again, to the byte', async () => {
    const [one, other] = [
      await chaosHere(['scenario', 'stale-history']),
      await chaosHere(['scenario', 'stale-history']),
    ]
    expect(other.stdout).toBe(one.stdout)
  })

  test('shows with --fix what would have prevented it', async () => {
    const { stdout, exitCode } = await chaosHere(['scenario', 'burrito-and-taco', '--fix', '--json'])
    const { asTold, tellings } = JSON.parse(stdout)
    expect(asTold).toBe(true)
    expect(tellings).toMatchObject([{ title: 'Raft on three nodes', verdicts: { linearizable: 'met' } }])
    expect(exitCode).toBe(0)
  })

  test.each([
    [['scenario', 'burito-and-taco'], /no story burito-and-taco\. Did you mean burrito-and-taco\?/],
    [['scenario', '--fix'], /--fix is about one story: name it/],
    [['scenario', '--real'], /--real is about one story/],
  ])('refuses %j, and says what to do', async (args, message) => {
    const { stderr, exitCode } = await chaosHere(args)
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })
})

test('a story that goes otherwise than it is told is found out: answer, end and verdict', async () => {
  const [told] = stories.find(({ name }) => name === 'stale-history')?.told ?? []
  if (told === undefined) throw new Error('the story is gone')
  const other = {
    ...told,
    beats: told.beats.map((beat) =>
      beat.type === 'asking' && beat.atMs === millis(300)
        ? { ...beat, answer: { type: 'ok' as const, value: 60 } }
        : beat,
    ),
    ending: {
      ...told.ending,
      finally: { balance: 100 },
      verdicts: { ...told.ending.verdicts, linearizable: 'met' as const },
    },
  }
  expect((await playTale(other)).differences).toEqual([
    'Jose asked n2 to read balance and got 100, where 60 is told',
    'in the end the nodes answer n2 60, n1 60, n3 60 for balance, where 100 is told',
    'linearizable is violated, where met is told',
  ])
})
