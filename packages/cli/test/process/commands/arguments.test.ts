import { didYouMean, nearest } from '@chaosproxy/history'
import { count, duration, runMembers } from '@chaosproxy/runner'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import {
  asCount,
  asDuration,
  asName,
  asSize,
  flag,
  ifTyped,
  membersOf,
  typedMembers,
  valuesOf,
} from '../../../src/arguments/declare.ts'
import { parseFaultChoices, parseNemeses } from '../../../src/arguments/faults.ts'
import { oneOf, parseLevel, parseSettings } from '../../../src/arguments/names.ts'
import { parseDuration, parseSize, printDuration } from '../../../src/arguments/quantities.ts'
import { targetOf } from '../../../src/arguments/target.ts'

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['20s', 20_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ])('parseDuration reads %s as %d ms', (text, expected) => {
    expect(parseDuration('time', text)).toBe(expected)
  })

  test.each(['', '20', 's', '-1s', '1 s', '1d', '1e3s', 'NaNs', '١s'])(
    'parseDuration refuses %j, and names the option and the allowed forms',
    (text) => {
      expect(() => parseDuration('time', text)).toThrow(
        `--time ${text} is not a duration. Write a number and its unit, such as 500ms, 20s or 2m.`,
      )
    },
  )

  test('a duration in seconds equals the same duration in milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (seconds) => {
        expect(parseDuration('time', `${seconds}s`)).toBe(parseDuration('time', `${seconds * 1000}ms`))
      }),
    )
  })
})

test('sizes are decimal: 1KB is 1,000 bytes', () => {
  expect(parseSize('memory', '64KB')).toBe(64_000)
  expect(parseSize('memory', '2GB')).toBe(2_000_000_000)
  expect(() => parseSize('memory', '2 GB')).toThrow('--memory 2 GB is not a size.')
})

describe('an option that is declared by a schema', () => {
  const nodes = asCount(v.optional(count('how many nodes', 1, 15), 5))
  const time = asDuration(v.optional(duration('how long it takes', 100, 24 * 3_600_000), 20_000), { such: '500ms, 2m' })
  const level = asName(v.optional(v.pipe(v.picklist(['weak', 'strong']), v.description('what must hold'))), 'level')

  test('the help shows the text and the default of an option in the notation of the command line', () => {
    expect(nodes.describe).toBe('how many nodes [default: 5]')
    expect(time.describe).toBe('how long it takes: 500ms, 2m [default: 20s]')
    expect(asSize(v.optional(v.number(), 2_000_000_000), { text: 'memory' }).describe).toBe('memory [default: 2GB]')
    expect(level.describe).toBe('what must hold')
  })

  test('the value of an option is the typed value or its default', () => {
    expect(valuesOf({ nodes: '3', time: ['1s', '2s'] }, { nodes, time, level })).toEqual({
      nodes: 3,
      time: 2_000,
      level: undefined,
    })
    expect(valuesOf({}, { nodes, time, level })).toEqual({ nodes: 5, time: 20_000, level: undefined })
  })

  test('an option declared with ifTyped() has no value if the user omits it', () => {
    expect(ifTyped(nodes).valueIn({}, 'nodes')).toBeUndefined()
    expect(ifTyped(nodes).describe).toBe(nodes.describe)
    expect(ifTyped(nodes).valueIn({ nodes: '7' }, 'nodes')).toBe(7)
  })

  test.each(['0', '16', '2.5', 'five', ''])('an option refuses the count %j, and names the bounds', (wrong) => {
    expect(() => nodes.valueIn({ nodes: wrong }, 'nodes')).toThrow(
      `--nodes ${wrong}: must be a whole number from 1 to 15.`,
    )
  })

  test.each(['99ms', '25h'])('an option refuses the duration %s, and names the bounds with units', (wrong) => {
    expect(() => time.valueIn({ time: wrong }, 'time')).toThrow(`--time ${wrong}: must be between 100ms and 24h.`)
  })

  test('an option refuses an unknown name, and suggests the nearest', () => {
    expect(() => level.valueIn({ level: 'strog' }, 'level')).toThrow(
      '--level strog: there is no such level. Did you mean strong? Known: weak, strong.',
    )
  })
})

test('membersOf turns command-line options into members of a run, and typedMembers turns members into options', () => {
  const declared = {
    time: ifTyped(asDuration(runMembers.timeMs, { member: 'timeMs' })),
    clients: asCount(v.optional(runMembers.clients, 3), { member: 'clients' }),
    pace: asCount(v.optional(count('operations per second', 1, 10)), { member: 'rate' }),
    stop: { ...flag('stop early'), member: 'stopOnViolation' as const },
    other: asCount(v.optional(count('how many others', 1, 15), 5)),
  }
  const members = membersOf(valuesOf({ time: '2m', pace: '7', stop: true }, declared), declared)
  expect(members).toEqual({ timeMs: 120_000, clients: 3, rate: 7, stopOnViolation: true })
  expect(typedMembers(members, declared)).toEqual({ time: '2m', clients: '3', pace: '7', stop: true })
})

test.each([
  [500, '500ms'],
  [60_000, '60s'],
  [600_000, '10m'],
  [24 * 3_600_000, '24h'],
])('%d ms are printed as %s, and parsed back to the same duration', (durationMs, text) => {
  expect(printDuration(durationMs)).toBe(text)
  expect(parseDuration('time', text)).toBe(durationMs)
})

describe('a misspelt name', () => {
  test('the suggestion for a misspelt name is the nearest name', () => {
    expect(didYouMean('targt', ['target', 'time'], '--')).toBe(' Did you mean --target?')
    expect(nearest('linearisable', ['linearizable', 'sequential'])).toBe('linearizable')
  })

  test('a misspelt name gets no suggestion if no name resembles it', () => {
    expect(didYouMean('zzz', ['target', 'time'])).toBe('')
  })

  test('the suggestion for a misspelt name may be a name that contains its letters in order', () => {
    expect(nearest('stale', ['scale-out', 'stale-read'])).toBe('stale-read')
    expect(nearest('burrito', ['burrito-and-taco', 'split-brain'])).toBe('burrito-and-taco')
    expect(nearest('rds', ['dns', 'redis'])).toBe('redis')
    expect(nearest('raft', ['raft', 'raft-lease'])).toBe('raft')
    expect(nearest('partitoin', ['partition', 'partition-leader'])).toBe('partition')
  })

  test('a misspelt name gets no suggestion if there are no names', () => {
    expect(() => oneOf('set', 'setting of pb', 'a', [])).toThrow(
      '--set a: there is no such setting of pb. It has none.',
    )
  })

  test('a misspelt fault in --faults is answered with the nearest fault instead of a list of all faults', () => {
    expect(() => parseNemeses('partition,kil')).toThrow(
      /^--faults kil: there is no such fault\. Did you mean kill\? \d+ are known: --help lists them\.$/,
    )
  })
})

test('--faults refuses latency, and names delay instead', () => {
  expect(() => parseNemeses('latency')).toThrow(
    '--faults latency: there is no such fault. Give delay (messages between nodes) or delay-clients (messages of clients).',
  )
})

test('--faults none selects no faults, and is refused together with a fault', () => {
  expect(parseNemeses('none')).toEqual([])
  expect(() => parseNemeses('kill,none')).toThrow('"none" excludes every fault')
})

test('parseFaultChoices accepts a fault of any service, and refuses a misspelt fault', () => {
  expect(parseFaultChoices('partition:db, kill')).toEqual(['partition:db', 'kill'])
  expect(() => parseFaultChoices('partitoin:db')).toThrow('there is no such fault. Did you mean partition?')
})

test('the values of --set are read as numbers, booleans or text', () => {
  expect(parseSettings(['sync=1', 'failover=false', 'reads=replica'])).toEqual({
    sync: 1,
    failover: false,
    reads: 'replica',
  })
  expect(() => parseSettings(['sync'])).toThrow('--set sync: write it as name=value')
})

test('--expect refuses strictly-serializable, and names linearizable instead', () => {
  expect(() => parseLevel('expect', 'strictly-serializable')).toThrow(
    '--expect strictly-serializable: there is no such level. Give linearizable: one order of whole operations',
  )
  expect(parseLevel('expect', 'linearizable')).toBe('linearizable')
})

test('an unknown target is refused with the names of real systems, and not of simulated systems', async () => {
  const error = await targetOf('rds').catch((refusal: Error) => refusal.message)
  expect(error).toMatch(/^--target rds: there is no such target\. Did you mean redis\? Known: /)
  expect(error).not.toContain('sim:')
})
