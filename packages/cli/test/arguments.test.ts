import { didYouMean, nearest } from '@chaosproxy/history'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseNemeses } from '../src/arguments/faults.ts'
import { parseSettings } from '../src/arguments/names.ts'
import { oneOf } from '../src/arguments/one-of.ts'
import { parseCount, parseDuration, parseSize } from '../src/arguments/quantities.ts'

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['20s', 20_000],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h', 3_600_000],
  ])('%s is %d ms', (text, expected) => {
    expect(parseDuration('time', text)).toBe(expected)
  })

  test.each(['', '20', 's', '-1s', '1 s', '1d', '1e3s', 'NaNs', '١s'])(
    '%j is refused, naming the option and what to write',
    (text) => {
      expect(() => parseDuration('time', text)).toThrow(
        `--time ${text}: not a duration. Write a number and its unit, such as 500ms, 20s or 2m.`,
      )
    },
  )

  test('mean the same in every unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (seconds) => {
        expect(parseDuration('time', `${seconds}s`)).toBe(parseDuration('time', `${seconds * 1000}ms`))
      }),
    )
  })
})

test('sizes are decimal, as the units say', () => {
  expect(parseSize('memory', '64KB')).toBe(64_000)
  expect(parseSize('memory', '2GB')).toBe(2_000_000_000)
  expect(() => parseSize('memory', '2 GB')).toThrow('--memory 2 GB: not a size.')
})

test('counts are whole numbers within bounds', () => {
  expect(parseCount('nodes', '5', { min: 1, max: 15 })).toBe(5)
  for (const wrong of ['0', '16', '2.5', 'five', ''])
    expect(() => parseCount('nodes', wrong, { min: 1, max: 15 })).toThrow(
      `--nodes ${wrong}: must be a whole number from 1 to 15.`,
    )
})

describe('a misspelt name', () => {
  test('gets the nearest one suggested', () => {
    expect(didYouMean('targt', ['target', 'time'], '--')).toBe(' Did you mean --target?')
    expect(nearest('linearisable', ['linearizable', 'sequential'])).toBe('linearizable')
  })

  test('gets no suggestion if it is like none', () => {
    expect(didYouMean('zzz', ['target', 'time'])).toBe('')
  })

  test('says so where there is nothing to name', () => {
    expect(() => oneOf('set', 'knob of pb', 'a', [])).toThrow('--set a: there is no such knob of pb. It has none.')
  })

  test('gets a list of what there is if it is a fault', () => {
    expect(() => parseNemeses('partition,kil')).toThrow(
      '--faults kil: there is no such fault. Did you mean kill? Known: ',
    )
  })
})

test('no faults are asked for with none, which stands alone', () => {
  expect(parseNemeses('none')).toEqual([])
  expect(() => parseNemeses('kill,none')).toThrow('"none" stands alone')
})

test('settings are numbers, booleans or text', () => {
  expect(parseSettings(['sync=1', 'failover=false', 'reads=replica'])).toEqual({
    sync: 1,
    failover: false,
    reads: 'replica',
  })
  expect(() => parseSettings(['sync'])).toThrow('--set sync: write it as name=value')
})
