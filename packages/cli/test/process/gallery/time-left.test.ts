import type { ExhibitResult } from '@chaosproxy/report/gallery'
import { gallery } from '@chaosproxy/scenarios'
import { expect, test } from 'vitest'
import { keptExhibits } from '../../../src/gallery/kept.ts'
import { exhibitResult } from '../../../src/gallery/run-exhibits.ts'
import { leftInWords, secondsLeft } from '../../../src/gallery/time-left.ts'
import { clippedLines } from '../../../src/terminal/progress.ts'

/** An exhibit with two trials of the weakness and three of the cure, each of which took this long. */
const kept = (name: string, seconds: number): ExhibitResult => {
  const trial = { seed: 1, outcome: 'clean', seconds, said: '' } as const
  const [exhibit] = gallery
  return { ...exhibitResult(exhibit!), name, weaknessTrials: [trial, trial], cureTrials: [trial, trial, trial] }
}

test('the estimated time is the stored time of the remaining trials, multiplied by the slowdown of the finished trials', () => {
  const all = [kept('quick', 5), kept('slow', 30), kept('slower', 60)]
  // In the stored results of `quick`, a pair of one trial of the weakness and one trial of the cure takes 10 s. The new
  // run of `quick` took six times as long: three pairs, each twice as slow. So the estimate for each remaining exhibit
  // is six times the time of its stored pair.
  const ran = [{ name: 'quick', seconds: 60 }]
  expect(secondsLeft(ran, ['slow', 'slower'], all)).toBeCloseTo(3 * 2 * 2 * (30 + 60))
  expect(secondsLeft(ran, [], all)).toBe(0)
})

test('the estimated time of an exhibit without stored trials is the average time of the stored exhibits', () => {
  const all = [kept('quick', 10), kept('slow', 30)]
  expect(secondsLeft([{ name: 'quick', seconds: 20 }], ['new'], all)).toBeCloseTo(2 * 20)
  expect(secondsLeft([{ name: 'new', seconds: 40 }], ['slow'], all)).toBeCloseTo(2 * 30)
})

test('the estimated time is unknown until an exhibit has been run', () => {
  expect(secondsLeft([], ['quick'], [kept('quick', 5)])).toBeUndefined()
})

test('the estimated time of a whole gallery run is the sum of the stored times if the finished trials took their stored times', () => {
  const exhibits = keptExhibits()
  const seconds = exhibits.map(({ name, weaknessTrials, cureTrials }) => ({
    name,
    seconds: [...weaknessTrials, ...cureTrials].reduce((sum, trial) => sum + trial.seconds, 0),
  }))
  const left = exhibits.map(({ name }) => name)
  const total = seconds.reduce((sum, each) => sum + each.seconds, 0)
  expect(secondsLeft(seconds, left, exhibits)).toBeCloseTo(total)
})

test.each(gallery)('the progress line of $name fits into 80 columns together with the estimated time', ({ name }) => {
  const line = `${name}: the weakness, trial 100 of 100, ${leftInWords(119 * 60)}`
  expect(clippedLines(line, 80)).toBe(line)
})

test('the estimated time is printed in minutes or hours, and is at least one minute', () => {
  const told = ['about 1 min left', 'about 1 min left', 'about 2 min left', 'about 69 min left', 'about 99 h left']
  expect([-20, 5, 95, 4157, 99 * 3600].map(leftInWords)).toEqual(told)
})
