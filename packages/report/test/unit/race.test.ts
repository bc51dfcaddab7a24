import { type Nanos, nanos } from '@chaosproxy/history'
import { type CodeRun, raceIn } from '@chaosproxy/report'
import { describe, expect, test } from 'vitest'
import type { RacingRequest } from '../../src/race/code-run.ts'
import { whole } from '../../src/terminal/brevity.ts'
import { drawRace } from '../../src/terminal/race-lines.ts'
import { plainStyle, symbolsOf } from '../../src/terminal/style.ts'

const A: RacingRequest = { name: 'A', process: 'p0', f: 'book', key: '14', changes: true, accused: true }
const B: RacingRequest = { ...A, name: 'B', process: 'p1' }

const SEATS = [
  'async function book(seat, who) {',
  '  const holder = await redis.get(seat)',
  '  if (holder !== null) return 409',
  '  await redis.set(seat, who)',
  '  return 201',
  '}',
  ...Array.from({ length: 5 }, () => ''),
  'createServer(async (req, res) => {',
  '  res.end(await book(req))',
  '})',
]
/** The state that each line reads and changes. */
const redis = ['redis']
const STATE: { readonly [step: string]: Pick<CodeRun['steps'][number], 'reads' | 'writes' | 'rests'> } = {
  'at 2': { reads: redis, writes: [], rests: [] },
  'at 4': { reads: [], writes: redis, rests: [] },
}

const SITES = {
  'enters 12': [1, 1],
  'at 13': [2, 1],
  '13': [3, 1],
  'enters 1': [4, 4],
  'at 2': [5, 4],
  '2': [6, 4],
} as const

/**
 * Parses steps in the notation `A 0.6 at 2`. The words are the request, the time in milliseconds, the type of the step
 * (`at`), and the line number.
 */
const ran = (...lines: readonly string[]): CodeRun => ({
  steps: lines.map((text) => {
    const [request = '', ms, type, line] = text.split(' ')
    const [site, within] = SITES[`${type} ${line}` as 'at 2'] ?? SITES[line as '2'] ?? [100 + Number(line), 4]
    const at: Nanos = nanos(Number(ms) * 1e6)
    const touched = STATE[`${type} ${line}`] ?? { reads: [], writes: [], rests: [] }
    return { request, at, type: type as 'at', line: Number(line), site, within, file: 'seats.ts', ...touched }
  }),
  sources: { 'seats.ts': SEATS },
})

const arrives = (request: string, ms: number): string[] =>
  ['enters 12', 'at 13', 'enters 1', 'at 2', 'gone 2', 'gone 13'].map((step) => `${request} ${ms} ${step}`)
const goesOn = (request: string, ms: number): string[] =>
  ['back 2', 'at 3', 'at 4', 'gone 4'].map((step) => `${request} ${ms} ${step}`)
const ends = (request: string, ms: number): string[] =>
  ['back 4', 'at 5', 'back 13'].map((step) => `${request} ${ms} ${step}`)

const overtaken = ran(
  ...arrives('A', 0.6),
  ...arrives('B', 3),
  ...goesOn('B', 4),
  ...ends('B', 5),
  ...goesOn('A', 9.6),
  ...ends('A', 10.6),
)

describe('the race found in the steps of a program', () => {
  test('the sentence about a race names the innermost await of the overtaken request', () => {
    expect(raceIn(overtaken, [A, B])?.sentence).toBe(
      "seats.ts:2 (p0's book) awaited 9.0 ms; meanwhile p1's book ran seats.ts:1–5",
    )
  })

  test('a race between two requests names the request that wrote last as the overtaken one', () => {
    const run = ran(
      ...arrives('A', 0.6),
      ...arrives('B', 3),
      ...goesOn('A', 4),
      ...ends('A', 5),
      ...goesOn('B', 9),
      ...ends('B', 10),
    )
    expect(raceIn(run, [A, B])?.overtaken.request.name).toBe('B')
  })

  test('there is no race if the overtaken request read nothing, or if either request wrote nothing', () => {
    const without = (request: string, member: 'reads' | 'writes') => ({
      ...overtaken,
      steps: overtaken.steps.map((step) => (step.request === request ? { ...step, [member]: [] } : step)),
    })
    expect(raceIn(without('A', 'reads'), [A, B])).toBeUndefined()
    expect(raceIn(without('A', 'writes'), [A, B])).toBeUndefined()
    expect(raceIn(without('B', 'writes'), [A, B])).toBeUndefined()
  })

  test('the overtaken await of a race is the await of the read, not the later await of the write', () => {
    const steps = [
      ...arrives('A', 0),
      ...arrives('B', 1),
      ...goesOn('B', 2),
      ...goesOn('A', 3),
      ...ends('B', 4),
      ...ends('A', 5),
    ]
    expect(raceIn(ran(...steps), [A, B])?.overtaken).toMatchObject({ request: { name: 'A' }, lines: [2, 2] })
  })

  test('there is no race if the requests do not overlap or have different keys', () => {
    const one = (request: string, ms: number) => [
      ...arrives(request, ms),
      ...goesOn(request, ms + 1),
      ...ends(request, ms + 2),
    ]
    expect(raceIn(ran(...one('A', 0), ...one('B', 3)), [A, B])).toBeUndefined()
    expect(raceIn(overtaken, [A, { ...B, key: '15' }])).toBeUndefined()
  })

  test('a race is found between two requests that change data, and not with a request that only reads', () => {
    const readers: RacingRequest[] = [{ ...B, name: 'C', process: 'p2', changes: false, accused: false }]
    const steps = overtaken.steps.flatMap((step) => (step.request === 'B' ? [step, { ...step, request: 'C' }] : [step]))
    expect(raceIn({ ...overtaken, steps }, [...readers, A, B])?.by.request.name).toBe('B')
  })

  test('there is no race if the overtaken request ended before the first request of the contradiction began', () => {
    const others = [A, B].map((request) => ({ ...request, accused: false }))
    const late: RacingRequest = { ...A, name: 'C', process: 'p2' }
    const steps = [...overtaken.steps, ...ran(...arrives('C', 20), ...goesOn('C', 21), ...ends('C', 22)).steps]
    expect(raceIn({ ...overtaken, steps }, [...others, late])).toBeUndefined()
    expect(raceIn({ ...overtaken, steps }, others)).toBeDefined()
  })

  test('there is no race if the overtaken request ended before a write of the contradiction began', () => {
    const others = [A, B].map((request) => ({ ...request, accused: false }))
    const read: RacingRequest = { ...A, name: 'C', process: 'p2', f: 'read', changes: false }
    const steps = [...ran('C 0.1 at 3').steps, ...overtaken.steps]
    const late = ran('D 20 at 4', 'C 21 at 3').steps
    const requests = [read, ...others]
    const raceBefore = (more: Partial<RacingRequest>) =>
      raceIn({ ...overtaken, steps: [...steps, ...late] }, [...requests, { ...A, name: 'D', ...more }])
    expect(raceBefore({ f: 'write' })).toBeUndefined()
    expect(raceBefore({ f: 'write', key: '15' })).toBeDefined()
    expect(raceBefore({ f: 'cas' })).toBeDefined()
  })

  test('there is no race if the overtaken request changed nothing before the end of the contradiction', () => {
    const others = [A, B].map((request) => ({ ...request, accused: false }))
    const early: RacingRequest = { ...A, name: 'C', process: 'p2' }
    const until = (ms: number) => {
      const own = ran(`C 0.1 at 3`, `C ${ms} at 3`).steps
      const steps = [...own, ...overtaken.steps].sort((one, other) => one.at - other.at)
      return raceIn({ ...overtaken, steps }, [early, ...others])
    }
    expect(until(9)).toBeUndefined()
    expect(until(10.7)).toBeDefined()
  })

  test('a race is found if an awaited write depends on state that another request changed during the await', () => {
    const set = { reads: [], writes: ['cache'], rests: redis }
    const of = (lines: readonly string[], at4: Partial<typeof set>) =>
      ran(...lines).steps.map((step) => (step.type === 'at' && step.line === 4 ? { ...step, ...at4 } : step))
    const steps = (own: Partial<typeof set>) => [
      ...of(['A 0.6 enters 1', 'A 0.6 at 2', 'A 1 at 4', 'A 1 gone 4'], own),
      ...ran('B 2 at 4', 'A 9 back 4').steps,
    ]
    const race = raceIn({ ...overtaken, steps: steps(set) }, [A, B])
    expect(race?.overtaken).toMatchObject({ request: { name: 'A' }, lines: [4, 4] })
    expect(raceIn({ ...overtaken, steps: steps({ ...set, rests: [] }) }, [A, B])).toBeUndefined()
  })

  test('a race names the lines that changed the state, even if the overtaken await is in another function', () => {
    const steps = overtaken.steps.map((step) => (step.line === 2 || step.line === 1 ? { ...step, within: 5 } : step))
    expect(raceIn({ ...overtaken, steps }, [A, B])?.sentence).toBe(
      "seats.ts:2 (p0's book) awaited 9.0 ms; meanwhile p1's book ran seats.ts:3–5",
    )
  })

  test('a race is found even among thousands of steps', () => {
    const often = (request: string, ms: number) => Array.from({ length: 600 }, () => `${request} ${ms} at 4`)
    const steps = [
      ...arrives('A', 0),
      ...arrives('B', 1),
      ...often('B', 2),
      ...ends('B', 3),
      ...goesOn('A', 4),
      ...often('A', 5),
      ...ends('A', 6),
    ]
    expect(raceIn(ran(...steps), [A, B])?.overtaken).toMatchObject({ request: { name: 'A' }, lines: [2, 2] })
  })

  test('a race is drawn as the executed lines, with the times of both requests and the overtaken await', () => {
    const race = raceIn(overtaken, [A, B])
    const page = { width: 100, style: plainStyle, symbols: symbolsOf({ width: 100, unicode: true }), brevity: whole }
    expect(race && `\n${drawRace(race, page).join('\n')}`).toMatchInlineSnapshot(`
      "
      seats.ts:2 (p0's book) awaited 9.0 ms; meanwhile p1's book ran seats.ts:1–5

      p0's book       p1's book          seats.ts, times in ms
      0.6             3.0              1 async function book(seat, who) {
      0.6 → 9.6       3.0 → 4.0        2   const holder = await redis.get(seat)
                                         p1's book overtook p0's book at this await, from 3.0 to 5.0 ms
      9.6             4.0              3   if (holder !== null) return 409
      9.6 → 10.6      4.0 → 5.0        4   await redis.set(seat, who)
      10.6            5.0              5   return 201
                                         …
      0.6             3.0             12 createServer(async (req, res) => {
      0.6 → 10.6      3.0 → 5.0       13   res.end(await book(req))"
    `)
  })
})

describe('SQL statements in a race', () => {
  const cell = ['items/x/sold']
  const step = (request: string, ms: number, type: 'gone' | 'back' | 'sql', line: number, more = {}) => ({
    ...{ request, type, line, site: line, within: 1, file: 'seats.ts', at: nanos(ms * 1e6) },
    ...{ reads: [], writes: [], rests: [], ...more },
  })
  const read = { reads: cell, sql: { text: 'SELECT sold FROM items', outcome: '1 row' } }
  const write = { sql: { text: 'UPDATE items SET sold = $1', outcome: 'UPDATE 1' } }
  const committed = { writes: cell, rests: cell }
  const run: CodeRun = {
    sources: { 'seats.ts': SEATS },
    steps: [
      ...[step('A', 1, 'gone', 2), step('B', 1, 'gone', 2), step('A', 2, 'sql', 2, read), step('B', 2, 'sql', 2, read)],
      ...[step('A', 3, 'back', 2), step('B', 3, 'back', 2), step('A', 3, 'gone', 4), step('B', 3, 'gone', 4)],
      ...[step('B', 4, 'sql', 4, write), step('B', 4, 'sql', 4, committed), step('B', 5, 'back', 4)],
      ...[step('A', 6, 'sql', 4, write), step('A', 6, 'sql', 4, committed), step('A', 7, 'back', 4)],
    ],
  }

  test('SQL statements show which request overwrote the rows that the other request had read', () => {
    const race = raceIn(run, [A, B])
    expect(race?.sentence).toBe("seats.ts:4 (p0's book) awaited 4.0 ms; meanwhile p1's book ran seats.ts:4")
    expect(race?.rows.flatMap(({ line, sql = [] }) => [[line, ...sql]])).toEqual([
      [2, 'SELECT sold FROM items (1 row)'],
      [3],
      [4, 'UPDATE items SET sold = $1 (UPDATE 1)'],
    ])
  })

  test('there is no race if a request reads the change of the other request again before its own write', () => {
    const [before, after] = [run.steps.slice(0, -3), run.steps.slice(-3)]
    const again = [step('A', 5.5, 'sql', 2, read)]
    expect(raceIn({ ...run, steps: [...before, ...again, ...after] }, [A, B])).toBeUndefined()
    expect(raceIn({ ...run, steps: [...before, ...after, ...again] }, [A, B])).toBeDefined()
  })

  test('SQL statements in a race are shown below the line of code that awaits them', () => {
    const race = raceIn(run, [A, B])
    const page = { style: plainStyle, symbols: symbolsOf({ unicode: true, width: 100 }), width: 100 }
    const lines = race === undefined ? [] : drawRace(race, page as never)
    const at = lines.findIndex((line) => line.includes('redis.get(seat)'))
    expect(lines[at + 1]?.trim()).toBe('SELECT sold FROM items (1 row)')
  })
})
