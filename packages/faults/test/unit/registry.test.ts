import {
  actsOnReplies,
  describeFault,
  type FaultFamily,
  familyOf,
  faultDefinitions,
  faultProfiles,
  httpFamily,
  isEngineFault,
  isMachineFault,
  isUnansweredFault,
  nemeses,
  parametersOf,
  parseFault,
  parseSchedule,
  parseTrafficFault,
  printSchedule,
  profileNamed,
  quote,
  Trigger,
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

test.each(asDeclared)('the fault %s accepts numbers only within its limits', (kind, { parameters }) => {
  const declared = parametersOf(parameters)
  const targets = familyOf(kind) === undefined ? { nodes: ['n1'] } : { links }
  const needed = declared.flatMap(({ name, ...rest }) =>
    rest.default === undefined && rest.optional !== true ? [[name, rest.values?.[0] ?? rest.least ?? 1]] : [],
  )
  const edits = kind.startsWith('edit-') ? { body: 'x' } : {}
  const parsed = (name: string, value: number) =>
    parseFault({ kind, ...targets, ...Object.fromEntries(needed), ...edits, [name]: value }, 'x')
  for (const { name, unit, least = 0, most } of declared) {
    if (['text', 'flag', 'json'].includes(unit)) continue
    const step = ['bytes', 'count'].includes(unit) ? 1 : 0.0001
    for (const value of most === undefined ? [least] : [least, most])
      expect(parsed(name, value)).toMatchObject({ [name]: value })
    for (const value of most === undefined ? [least - step] : [least - step, most + step])
      expect(() => parsed(name, value)).toThrow(`x: ${kind}: "${name}" is ${value}. Give a`)
    if (step === 1) expect(() => parsed(name, least + 0.5)).toThrow(`"${name}" is ${least + 0.5}. Give a whole number`)
  }
})

test.each<readonly [object, string]>([
  [{ kind: 'grpc-status', message: 7 }, '"message" is 7. Give a string.'],
  [{ kind: 'bandwidth', bytesPerSecond: 1, shared: 'yes' }, '"shared" is "yes". Give true or false.'],
  [{ kind: 'bandwidth', bytesPerSecond: -1 }, 'Give a number of bytes per second, at least 0.'],
  [{ kind: 'rate-limit', requestsPerSecond: 0 }, 'Give a number, at least 0.001.'],
  [{ kind: 'limit-time', afterMs: -1 }, 'Give a number of milliseconds, at least 0.'],
  [{ kind: 'sql-error', code: '4000' + '1x' }, '"code" is "40001x". Give an SQLSTATE'],
  [{ kind: 'sql-error', code: '00000' }, '"code" is "00000". Give an SQLSTATE'],
  [{ kind: 'sql-error', code: 999 }, '"code" is "999". Give an SQLSTATE'],
  [{ kind: 'sql-error', match: { statement: ';' } }, 'The nearest beginning is "COMMIT".'],
  [{ kind: 'sql-error', match: { statement: 'BEGIN; COMMIT' } }, 'The nearest beginning is "BEGIN".'],
  [{ kind: 'lose-request', match: { statement: 'COMMIT' } }, 'lose-request cannot match an SQL "statement".'],
  [{ kind: 'goaway', match: { path: 'kv' } }, '"path" is "kv". A path begins with a slash'],
  [{ kind: 'drop-message', match: { equals: 1 } }, '"equals" compares a member with a value'],
  [{ kind: 'drop-message', match: { command: 'SET x' } }, 'The nearest is "command" "SET" with "key" "x".'],
  [{ kind: 'drop-message', match: { command: 'SET ' } }, 'The nearest is "command" "SET".'],
])('the fault %j is refused with a correction', (fault, message) => {
  expect(() => parseFault({ links, ...fault }, 'x')).toThrow(message)
})

test.each<readonly [object]>([
  [{ kind: 'sql-error', code: '1213' }],
  [{ kind: 'sql-error', code: '57P01', match: { statement: 'insert into t;' } }],
  [{ kind: 'lose-reply', match: { statement: 'COMMIT' } }],
  [{ kind: 'crash-before-reply', match: { statement: 'COMMIT' } }],
  [{ kind: 'drop-message', match: { command: 'SET', key: 'x' } }],
])('the fault %j is accepted', (fault) => {
  expect(parseFault({ links, ...fault }, 'x')).toMatchObject(fault)
})

test('quote shortens a long text for an error message, and prints numbers and undefined unchanged', () => {
  expect(quote('a'.repeat(58))).toBe(`"${'a'.repeat(58)}"`)
  expect(quote('a'.repeat(59))).toBe(`"${'a'.repeat(56)}...`)
  expect([quote(1.5), quote(undefined), quote(Number.NaN)]).toEqual(['1.5', 'undefined', 'NaN'])
})

test('the predicates on fault kinds find faults that hide a reply, act on replies, or belong to a machine or engine', () => {
  expect(trafficFaultKinds.filter((kind) => isUnansweredFault({ kind }))).toEqual(['crash-before-reply', 'lose-reply'])
  const onReplies = httpFamily.kinds.map(({ kind }) => kind).filter(actsOnReplies)
  const named = httpFamily.kinds.flatMap(({ kind }) =>
    kind.endsWith('reply') && kind !== 'crash-before-reply' ? [kind] : [],
  )
  expect(onReplies).toEqual([...named.slice(0, 3), 'reorder-replies', ...named.slice(3)])
  expect([{ kind: 'clock' }, { kind: 'flip-bit' }, { kind: 'stop' }].map(isMachineFault)).toEqual([true, true, false])
  expect([{ kind: 'clock' }, { kind: 'flip-bit' }, { kind: 'stop' }].map(isEngineFault)).toEqual([true, false, true])
})

test('a fault without conditions hits everything, and its description names no conditions', () => {
  expect([1, 2].map((age) => new Trigger(undefined).chooses(() => age))).toEqual([true, true])
  const fault = parseFault({ kind: 'refuse', links, when: { fromMs: 5 } }, 'x')
  expect(describeFault(fault)).toBe('refuse on 1 link')
})

describe('a misspelt fault', () => {
  test.each([
    [{ kind: 'latencey', links }, 'Did you mean latency?'],
    [{ kind: 'latency', links, latencyMs: 5, jiterMs: 2 }, 'Did you mean jitterMs?'],
    [{ kind: 'lose-reply', links, silence: 'hangs' }, 'Did you mean hang?'],
    [{ kind: 'lose-reply', links, when: { probabilty: 0.1 } }, 'Did you mean probability?'],
    [{ kind: 'kil', nodes: ['n1'] }, 'Did you mean kill?'],
  ])('a misspelt fault is refused with a suggestion: %j', (value, message) => {
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

  test('a fault schedule is printed as it was parsed, including selectors', () => {
    const schedule = parseSchedule(written, 'schedule.json')
    expect(printSchedule(schedule)).toEqual(written)
    expect(schedule[0]?.plan.kind).toBe('lose-reply')
  })

  test('a fault schedule numbers faults without an id, and sorts faults by time', () => {
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
    [{}, 'x: a schedule must be a list of faults, each with "fromMs" and "toMs".'],
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
  ])('a fault schedule is refused with advice: %j', (value, message) => {
    expect(() => parseSchedule(value, 'x')).toThrow(message)
  })

  test('parsePlan accepts a fault without times, and returns the fault unchanged', () => {
    expect(parsePlan({ kind: 'kill', nodes: ['n1'] }, 'x')).toEqual({ kind: 'kill', nodes: ['n1'] })
  })
})

test('a fault profile is found by its name', () => {
  expect(faultProfiles.map(({ name }) => profileNamed(name)?.name)).toEqual(faultProfiles.map(({ name }) => name))
  expect(profileNamed('kill')).toBeUndefined()
})

test('no fault profile has the name of a nemesis, and each profile includes a nemesis', () => {
  for (const profile of faultProfiles) {
    expect(nemeses.map(({ name }) => name)).not.toContain(profile.name)
    expect(nemeses.filter(({ kind }) => profile.has(kind))).not.toEqual([])
  }
})
