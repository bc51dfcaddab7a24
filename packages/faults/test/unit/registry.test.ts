import {
  describeFault,
  type FaultFamily,
  familyOf,
  faultDefinitions,
  faultProfiles,
  nemeses,
  parametersOf,
  parseFault,
  parseSchedule,
  parseTrafficFault,
  printSchedule,
  trafficFamilies,
  trafficFaultKinds,
} from '@chaosproxy/faults'
import { describe, expect, test } from 'vitest'
import { definitionOf, faultKinds } from '../../src/families/registry.ts'
import { parsePlan } from '../../src/schedule/parse-schedule.ts'

const links = ['clients>n1']
const families: readonly FaultFamily[] = trafficFamilies

test('describeFault prints the parameters of a fault in command-line syntax', () => {
  const fault = parseFault({ kind: 'lose-reply', links, silence: 'hang', when: { probability: 0.06 } }, 'x')
  expect(describeFault(fault)).toBe('lose-reply silence=hang on 1 link (6%)')
})

test('no kind of fault belongs to two families', () => {
  expect(new Set(faultKinds).size).toBe(faultKinds.length)
  expect(new Set(trafficFaultKinds).size).toBe(trafficFaultKinds.length)
  for (const { name, kinds } of families) for (const { kind } of kinds) expect(familyOf(kind)?.name).toBe(name)
})

test('parseTrafficFault parses a fault by its family, and refuses an unknown kind', () => {
  expect(parseTrafficFault({ kind: 'refuse', links }, 'x').kind).toBe('refuse')
  expect(parseTrafficFault({ kind: 'drop-message', links }, 'x').kind).toBe('drop-message')
  expect(parseTrafficFault({ kind: 'lose-reply', links }, 'x').kind).toBe('lose-reply')
  expect(() => parseTrafficFault({ kind: 'toString', links }, 'f.json')).toThrow(
    /^f\.json: there is no fault "toString"/,
  )
  expect(() => parseTrafficFault({ links }, 'f.json')).toThrow('f.json: "kind" is missing. Known: partition, ')
  expect(() => parseTrafficFault({ kind: 'kill', nodes: ['n1'] }, 'f.json')).toThrow('there is no fault "kill"')
})

const asDeclared = faultDefinitions.map((definition) => [definition.kind, definition] as const)

test.each(asDeclared)('the fault %s and each of its parameters have a summary', (kind, { summary, parameters }) => {
  expect(summary).toMatch(/\w/)
  expect(definitionOf(kind).parameters).toBe(parameters)
  for (const parameter of parametersOf(parameters)) {
    expect(parameter.summary).toMatch(/\w/)
    expect(parameter.unit).toMatch(/\w/)
  }
})

test.each(asDeclared)('the fault %s accepts its own defaults', (kind, { parameters }) => {
  const given = parametersOf(parameters).map(({ name, unit, least, values, ...parameter }) => [
    name,
    parameter.default ?? values?.[0] ?? (unit === 'text' ? 'x' : unit === 'flag' ? true : (least ?? 1)),
  ])
  const targets = familyOf(kind) === undefined ? { nodes: ['n1'] } : { links }
  const edits = given.some(([name]) => name === 'headers') ? { headers: { A: 'b' } } : {}
  const fault = parseFault({ kind, ...targets, ...Object.fromEntries(given), ...edits }, 'x')
  expect(fault).toMatchObject(Object.fromEntries(given.filter(([name]) => name !== 'headers')))
  expect(describeFault(fault)).toMatch(/\w/)
})

test.each(
  families.flatMap(({ kinds, when }) => kinds.map((definition) => [definition.kind, definition, when] as const)),
)('the fault %s is refused if untilMs is not after fromMs', (kind, { parameters }, when) => {
  expect(Object.keys(when)).toContain('untilMs')
  const needed = parametersOf(parameters).flatMap(({ name, ...rest }) =>
    rest.default === undefined && rest.optional !== true ? [[name, rest.values?.[0] ?? rest.least ?? 1]] : [],
  )
  const edits = kind.startsWith('edit-') ? { headers: { A: 'b' } } : {}
  const fault = { kind, links, ...Object.fromEntries(needed), ...edits, when: { fromMs: 5, untilMs: 5 } }
  expect(() => parseFault(fault, 'x')).toThrow('"untilMs" is 5, which must be greater than "fromMs" 5')
})

describe('a misspelt fault', () => {
  test.each([
    [{ kind: 'latencey', links }, 'Did you mean latency?'],
    [{ kind: 'latency', links, latencyMs: 5, jiterMs: 2 }, 'Did you mean jitterMs?'],
    [{ kind: 'lose-reply', links, silence: 'hangs' }, 'Did you mean hang?'],
    [{ kind: 'lose-reply', links, when: { probabilty: 0.1 } }, 'Did you mean probability?'],
    [{ kind: 'kil', nodes: ['n1'] }, 'Did you mean kill?'],
  ])('is refused with a suggestion: %j', (value, message) => {
    expect(() => parseFault(value, 'x')).toThrow(message)
  })
})

describe('a schedule', () => {
  const written = [
    { id: 'fault-1', fromMs: 100, toMs: 400, kind: 'lose-reply', links: 'from-clients', silence: 'hang' },
    { id: 'fault-2', fromMs: 200, toMs: 300, kind: 'kill', nodes: 'leader' },
    { id: 'fault-3', fromMs: 250, toMs: 300, kind: 'pause', nodes: ['n1', 'n2'] },
    { id: 'fault-4', fromMs: 250, toMs: 300, kind: 'partition', links: ['n1>n2'], mode: 'drop' },
  ]

  test('is printed as it was parsed, including selectors', () => {
    const schedule = parseSchedule(written, 'schedule.json')
    expect(printSchedule(schedule)).toEqual(written)
    expect(schedule[0]?.plan.kind).toBe('lose-reply')
  })

  test('numbers faults without an id, and sorts faults by time', () => {
    const [, kill] = written
    const faults = parseSchedule(
      [
        { ...kill, id: undefined, fromMs: 250 },
        { ...kill, id: undefined },
      ],
      'x',
    )
    expect(faults.map(({ id }) => id)).toEqual(['fault-2', 'fault-1'])
  })

  test.each([
    [{}, 'x: a schedule is a list of faults, each with "fromMs" and "toMs".'],
    [[{ kind: 'kill', nodes: 'leader', toMs: 1 }], 'x[0] needs "fromMs" of milliseconds'],
    [[{ kind: 'kill', nodes: 'leader', fromMs: 2, toMs: 1 }], 'x[0] ends before it begins'],
    [[{ kind: 'kill', nodes: 'leadr', fromMs: 0, toMs: 1 }], 'Did you mean leader?'],
    [[{ kind: 'reset', links: 'from-client', fromMs: 0, toMs: 1 }], 'Did you mean from-clients?'],
    [[{ kind: 'reset', nodes: 'leader', fromMs: 0, toMs: 1 }], '"links" must be a list of links'],
    [
      [
        { id: 'a', kind: 'kill', nodes: 'one', fromMs: 0, toMs: 1 },
        { id: 'a', kind: 'kill', nodes: 'one', fromMs: 0, toMs: 1 },
      ],
      'the id "a" is given twice',
    ],
  ])('is refused with advice: %j', (value, message) => {
    expect(() => parseSchedule(value, 'x')).toThrow(message)
  })

  test('a plan without times is parsed unchanged', () => {
    expect(parsePlan({ kind: 'kill', nodes: ['n1'] }, 'x')).toEqual({ kind: 'kill', nodes: ['n1'] })
  })
})

test('no fault profile has the name of a nemesis, and each profile includes a nemesis', () => {
  for (const profile of faultProfiles) {
    expect(nemeses.map(({ name }) => name)).not.toContain(profile.name)
    expect(nemeses.filter(({ kind }) => profile.has(kind))).not.toEqual([])
  }
})
