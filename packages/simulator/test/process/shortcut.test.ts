import { millis, UserError } from '@chaosproxy/history'
import { findProtocol, MachineError } from '@chaosproxy/protocols'
import { register } from '@chaosproxy/workloads'
import { expect, test } from 'vitest'
import {
  clusterOf,
  learnFrom,
  type SearchedProtocol,
  searchSeeds,
  strategies,
  strategiesNamed,
  unrepeatableSeed,
} from '../../src/index.ts'

const limits = { memoryBytes: 2 ** 28, now: () => millis(performance.now()), invariants: true }
const all = { strategies, limits, stopAtFirst: false, verifyDeterminism: false, first: 1, count: 50 }
const BUG = 'stale-read'
const FULL = { node: 'n1', did: 'takes more memory than there is' } as const

const raft = (bug: string | undefined): SearchedProtocol => ({
  ...{
    target: 'raft',
    protocol: findProtocol('raft')!,
    bug,
    targetSettings: {},
    level: 'linearizable',
    workload: register,
  },
  ...{ settings: {}, nodes: 3, operations: 60 },
})

/**
 * Returns a subject of a search. Its `start` starts Raft with `bug`. Its `shortcut`, which should start the same
 * cluster faster, starts Raft with `byShortcut` until `distrust` is called, and with `bug` afterwards.
 */
function startedBy(bug: string | undefined, byShortcut: string | undefined) {
  const started = { plainly: 0, short: 0, distrusted: 0 }
  const subject: SearchedProtocol = {
    ...raft(undefined),
    start(options) {
      started.plainly++
      return clusterOf(raft(bug), options)
    },
    shortcut: {
      start(options) {
        started.short++
        return clusterOf(raft(started.distrusted > 0 ? bug : byShortcut), options)
      },
      distrust() {
        started.distrusted++
      },
    },
  }
  return { subject, started }
}

test('a search uses a shortcut for starting the protocol, and repeats one trial in 25 without it', () => {
  const { subject, started } = startedBy(undefined, undefined)
  expect(searchSeeds(subject, all).findings).toEqual([])
  expect(started).toEqual({ plainly: 2, short: 50, distrusted: 0 })
})

test('a search ignores a failure that a start shortcut causes, and stops using this shortcut', () => {
  const { subject, started } = startedBy(undefined, BUG)
  expect(searchSeeds(subject, all).findings).toEqual([])
  expect(started.distrusted).toBe(1)
})

test.each([
  ['fills the memory', () => new MachineError({ ...FULL, detail: '', exhausts: true })],
  ['is refused', () => new UserError('input', 'the program ended before it listened')],
])('a search stops using a shortcut that %s, and reports no failure', (_, error) => {
  const { subject, started } = startedBy(undefined, undefined)
  const { shortcut } = subject
  if (shortcut === undefined) throw new Error('it has one')
  const ending: SearchedProtocol = {
    ...subject,
    shortcut: {
      ...shortcut,
      start(options) {
        const cluster = shortcut.start(options)
        const run = () => {
          throw error()
        }
        return started.distrusted > 0 ? cluster : { ...cluster, run }
      },
    },
  }
  expect(searchSeeds(ending, all).findings).toEqual([])
  expect(started.distrusted).toBe(1)
  started.distrusted = 0
  learnFrom(ending, [1], { strategies: strategiesNamed(['coverage']), limits })
  expect(started.distrusted).toBe(1)
  started.distrusted = 0
  expect(unrepeatableSeed(ending, { ...all, count: 5 })).toBeUndefined()
})

test('a search that stops using a start shortcut finds the failures that the shortcut has hidden', () => {
  const { subject, started } = startedBy(BUG, undefined)
  const { findings } = searchSeeds(subject, { ...all, count: 400 })
  expect(started.distrusted).toBeGreaterThan(0)
  const before = searchSeeds(startedBy(BUG, BUG).subject, { ...all, count: 400 }).findings
  expect(before.length).toBeGreaterThan(0)
  // Before seed 25, the shortcut hides the failures. From seed 25 on, the search finds the same failures.
  expect(findings).toEqual(before.filter(({ seed }) => seed >= 25))
})

test('a search with a shortcut reports the same failures as a plain search if the bug shows in both', () => {
  const { subject, started } = startedBy(BUG, BUG)
  const options = { ...all, strategies: strategiesNamed(['uniform', 'windows']), count: 200 }
  const { shortcut: _, ...plain } = startedBy(BUG, BUG).subject
  const { findings } = searchSeeds(subject, options)
  expect(findings.length).toBeGreaterThan(0)
  expect(findings).toEqual(searchSeeds(plain, options).findings)
  expect(started.distrusted).toBe(0)
})

test('unrepeatableSeed compares fewer runs once half of the time is used, but at least one run', () => {
  const checked = (share: () => number): number => {
    const { subject, started } = startedBy(undefined, undefined)
    const { shortcut: _, ...plain } = subject
    expect(unrepeatableSeed(plain, { ...all, count: 10, share })).toBeUndefined()
    return started.plainly
  }
  expect(checked(() => 0)).toBe(20)
  expect(checked(() => 5)).toBe(2)
  let passed = 0
  expect(
    checked(() => {
      passed += 0.125
      return passed
    }),
  ).toBe(9)
})

test('unrepeatableSeed stops using a start shortcut that changes a run, and reports no unrepeatable run', () => {
  const { subject, started } = startedBy(undefined, BUG)
  expect(unrepeatableSeed(subject, { ...all, count: 30 })).toBeUndefined()
  expect(started.distrusted).toBe(1)
})
