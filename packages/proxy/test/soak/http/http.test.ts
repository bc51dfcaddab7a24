import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { check } from '@chaosproxy/checker'
import { createRandom } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { readHistory } from '@chaosproxy/history/files'
import { expect, inject, test } from 'vitest'
import { disagreements } from '../../../../wire/test/http/disagreements.ts'
import { differencesOverSplits } from '../../../../wire/test/http/splits.ts'
import { httpRouteTo, serveHttp } from '../../http/live.ts'
import { countOutcomes, fourWays } from '../../http/no-answer.ts'
import { recordThroughStall } from '../../http/stalled-disk.ts'

const short = process.env['CHAOS_SOAK'] === 'short'
const WRITES = short ? 200 : 1000
const REQUESTS = short ? 10_000 : 300_000
const STALL_MS = short ? 1000 : 5000

test.each(fourWays)(`the fault %s gives all ${WRITES} writes the same outcome`, async (kind, parameters, outcome) => {
  expect(await countOutcomes({ kind, ...parameters }, WRITES)).toEqual([{ outcome, times: WRITES }])
})

test(`${REQUESTS} requests during a disk stall of ${STALL_MS} ms are all recorded, whole and in order`, async () => {
  const { path, kinds, counters, file } = await recordThroughStall({ requests: REQUESTS, stallMs: STALL_MS })
  expect(counters).toMatchObject({ operations: REQUESTS, ok: REQUESTS, unmatched: 0, incomplete: 0, overtaken: 0 })
  expect(kinds).toEqual({ invocations: REQUESTS, completions: REQUESTS, reversals: 0 })
  expect(file.statistics).toMatchObject({ lostLines: 0, behindBytes: 0 })
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

test('a stream is parsed with the same result in over 200,000 divisions into chunks', () => {
  const random = createRandom('soak')
  const { differences, splits } = differencesOverSplits({ pairsOfStreamsUpTo: short ? 130 : 210, random })
  expect(differences).toEqual([])
  expect(splits).toBeGreaterThan(short ? 200_000 : 400_000)
})

test('the parser and node:http agree on the messages of many mutated streams', async () => {
  const seed = `mutations ${inject('seed')}`
  const { found } = await disagreements(short ? 10_000 : 100_000, createRandom(seed))
  expect(found, seed).toEqual([])
})

test('recording bodies of a gigabyte under faults needs little memory', async () => {
  const piece = Buffer.alloc(1 << 20, 'b')
  const pieces = 1000
  let received = 0
  const service = await serveHttp(async (asked, reply) => {
    for await (const bytes of asked as AsyncIterable<Buffer>) received += bytes.length
    for (let i = 0; i < pieces; i++) if (!reply.write(piece)) await once(reply, 'drain')
    reply.end()
  })
  const { route, apply, recorder } = await httpRouteTo(service)
  const faults = [apply({ kind: 'duplicate-request' }), apply({ kind: 'edit-reply', headers: { 'X-Edited': 'yes' } })]
  const residentBefore = process.memoryUsage().rss
  for (const headers of [{ 'Content-Length': pieces * piece.length }, { 'Transfer-Encoding': 'chunked' }]) {
    received = 0
    let answered = 0
    const asked = request({ host: '127.0.0.1', port: route.port, method: 'PUT', path: '/kv/x', headers })
    const answer = once(asked, 'response') as Promise<[IncomingMessage]>
    for (let i = 0; i < pieces; i++) if (!asked.write(piece)) await once(asked, 'drain')
    asked.end()
    const [reply] = await answer
    for await (const bytes of reply as AsyncIterable<Buffer>) answered += bytes.length
    expect([received, answered]).toEqual([pieces * piece.length, pieces * piece.length])
  }
  expect(process.memoryUsage().rss - residentBefore).toBeLessThan(300e6)
  // A request that is too long to be kept is not duplicated, and counts as missed. Header fields of a response are
  // edited, however long the response is.
  expect(faults.map(({ hits, missed }) => [hits, missed])).toEqual([
    [0, 2],
    [2, 0],
  ])
  expect(recorder.counters).toMatchObject({ operations: 2, ok: 2 })
})
