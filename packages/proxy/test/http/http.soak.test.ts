import { check } from '@chaos/checker'
import { createRandom } from '@chaos/faults'
import { millis } from '@chaos/history'
import { readHistory } from '@chaos/history/files'
import { expect, test } from 'vitest'
import { closeEverythingAfterEach } from '../sockets.ts'
import { disagreements } from './disagreements.ts'
import { countOutcomes, fourWays } from './no-answer.ts'
import { differencesOverSplits } from './splits.ts'
import { recordThroughStall } from './stalled-disk.ts'

closeEverythingAfterEach()

const short = process.env['CHAOS_SOAK'] === 'short'
const WRITES = short ? 200 : 1000
const REQUESTS = short ? 30_000 : 300_000
const STALL_MS = short ? 1000 : 5000

test.each(fourWays)(`%s: ${WRITES} of ${WRITES} times the same`, async (kind, parameters, outcome) => {
  expect(await countOutcomes({ kind, ...parameters }, WRITES)).toEqual([{ outcome, times: WRITES }])
})

test(`${REQUESTS} requests and a disk that stalls for ${STALL_MS} ms: every one is recorded, whole and in order`, async () => {
  const { path, kinds, counters, statistics } = await recordThroughStall({ requests: REQUESTS, stallMs: STALL_MS })
  expect(counters).toMatchObject({ operations: REQUESTS, ok: REQUESTS, unmatched: 0, incomplete: 0, overtaken: 0 })
  expect(kinds).toEqual({ invocations: REQUESTS, completions: REQUESTS, reversals: 0 })
  expect(statistics).toMatchObject({ lostLines: 0, behindBytes: 0 })
  const report = check(await readHistory(path), {
    model: 'register',
    initial: null,
    levels: ['linearizable'],
    failedCas: 'drop',
    deadlineMs: millis(120_000),
    memoryBytes: 2 ** 30,
    now: () => millis(performance.now()),
  })
  expect(report.levels.linearizable.result).toBe('met')
})

test('however a stream is cut, in hundreds of thousands of places', () => {
  const random = createRandom('soak')
  const { differences, splits } = differencesOverSplits({ pairsOfStreamsUpTo: short ? 130 : 210, random })
  expect(differences).toEqual([])
  expect(splits).toBeGreaterThan(short ? 200_000 : 400_000)
})

test('node:http and we agree on what is a message, over many mutations', async () => {
  const seed = `mutations ${Date.now()}`
  const { found } = await disagreements(short ? 10_000 : 100_000, createRandom(seed))
  expect(found, seed).toEqual([])
})
