import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { FLAG_FINAL, type History, outputOf } from '@chaosproxy/history'
import { type RecordDraft, type RecordSettings, type RunEvent, record } from 'chaosproxy'
import { describe, expect, test, vi } from 'vitest'
import { temporaryDirectory } from '../../../../testing/src/chaos.ts'
import { assertLinearizable } from '../../../src/matchers/index.ts'
import { answerPlainly, ROUTES, storeOverHttp } from '../../record/key-value-store.ts'

/** A store whose reads return the value before the last write. */
function staleStore(): Promise<string> {
  const before = new Map<string, unknown>()
  return storeOverHttp((values, key, written) => {
    if (written !== undefined) before.set(key, values.get(key) ?? null)
    answerPlainly(values, key, written)
    return before.get(key) ?? null
  })
}

const recording = (upstream: string, more: Partial<RecordDraft> = {}, settings: RecordSettings = {}) => {
  const directory = temporaryDirectory()
  const as = join(directory, 'routes.json')
  writeFileSync(as, JSON.stringify(ROUTES))
  return record({ upstream, as, out: directory, ...more }, settings)
}

const clientOf = (url: string, name: string) => ({
  put: (value: number) =>
    fetch(`${url}/kv/x`, { method: 'PUT', body: JSON.stringify({ value }), headers: { 'X-Client': name } }),
  get: async () => (await fetch(`${url}/kv/x`, { headers: { 'X-Client': name } })).json(),
})

/** Writes over the given connection, and then closes it. */
function putOver(connection: Duplex, value: number): Promise<void> {
  const body = JSON.stringify({ value })
  return new Promise((resolve, reject) => {
    connection
      .once('data', () => {
        connection.destroy()
        resolve()
      })
      .once('error', reject)
      .once('close', () => reject(new Error('closed')))
    connection.write(
      `PUT /kv/x HTTP/1.1\r\nhost: store\r\nx-client: alice\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  })
}

const outputsOf = (history: History) =>
  Array.from({ length: history.operations.length }, (_, row) => outputOf(history, row))

describe('record() of the API', () => {
  test('a run that record() recorded passes without concurrent operations, unless concurrency is required', async () => {
    for (const require of [[], ['concurrency']]) {
      const recorder = await recording(await storeOverHttp(), { expect: 'linearizable', require })
      const client = clientOf(recorder.url(), 'alice')
      await client.put(1)
      await client.get()
      const run = await recorder.stop()
      expect([run.exitCode, run.vacuous]).toEqual([require.length, []])
      expect(() => assertLinearizable(run)).not.toThrow()
      const { notes, requirements } = JSON.parse(readFileSync(join(run.directory, 'run.json'), 'utf8'))
      expect(notes.join()).toMatch(/^nothing ran at the same time as a write, so no race was tried/)
      if (require.length > 0)
        expect(requirements).toMatchObject([
          { requirement: 'concurrency', met: false, found: 'no operation overlapped a change' },
        ])
    }
  })

  test.each([
    ['that use a port', true],
    ['without a port', false],
  ])('record() disconnects active clients %s before the final reads', async (_, listen) => {
    const recorder = await recording(await storeOverHttp(), { listen })
    const ask = listen
      ? (value: number) =>
          clientOf(recorder.url(), 'alice')
            .put(value)
            .then((response) => response.text())
      : (value: number) => putOver(recorder.dial(), value)
    let value = 0
    let isOver = false
    const refused: unknown[] = []
    const going = (async () => {
      while (!isOver) {
        await ask(value++).catch((error: unknown) => refused.push(error))
        await setImmediate()
      }
    })()
    await vi.waitUntil(() => value > 10, { timeout: 20_000 })
    const { history } = await recorder.stop()
    isOver = true
    await going
    const { length, callTime, flags } = history.operations
    const rows = Array.from({ length }, (_, row) => row)
    const isFinal = (row: number) => ((flags[row] ?? 0) & FLAG_FINAL) !== 0
    const firstFinal = Math.min(...rows.filter(isFinal).map((row) => callTime[row] ?? 0))
    expect(firstFinal).toBeLessThan(Number.POSITIVE_INFINITY)
    expect(rows.filter((row) => !isFinal(row) && (callTime[row] ?? 0) >= firstFinal)).toEqual([])
    expect(refused.length).toBeGreaterThan(0)
  })

  test("record() judges the traffic of the caller's own clients through the proxy", async () => {
    const recorder = await recording(await storeOverHttp(), { expect: 'linearizable' })
    const clients = ['alice', 'bob', 'carol', 'dave'].map((name) => clientOf(recorder.url(), name))
    await Promise.all(clients.map((client, i) => client.put(i)))
    await Promise.all(clients.map((client) => client.get()))
    const { history, report, exitCode, directory } = await recorder.stop()
    expect(report.headline).toBe('linearizable')
    expect(history.operations.length).toBeGreaterThanOrEqual(2)
    expect(exitCode).toBe(0)
    for (const file of ['history.jsonl', 'report.html', 'run.json'])
      expect(existsSync(join(directory, file))).toBe(true)
  })

  test.each(['user@example.com', 'user%40example.com', 'a%2fb', "$&'()*+,;=:@!", '%C3%A9~'])(
    'the final reads of record() spell the key %s as its clients spelled it',
    async (key) => {
      const recorder = await recording(await storeOverHttp(), { expect: 'linearizable' })
      const url = `${recorder.url()}/kv/${key}`
      await fetch(url, { method: 'PUT', body: '{"value":1}', headers: { 'X-Client': 'alice' } })
      const { history, report } = await recorder.stop()
      expect(report.levels.linearizable.result).toBe('met')
      expect(outputsOf(history)).toEqual([1, 1, 1])
    },
  )

  test('record() reports every operation, and judges the operations that precede an abort', async () => {
    const stop = new AbortController()
    const told: RunEvent[] = []
    const settings = { signal: stop.signal, listener: (event: RunEvent) => void told.push(event) }
    const recorder = await recording(await storeOverHttp(), { expect: 'linearizable' }, settings)
    const alice = clientOf(recorder.url(), 'alice')
    await alice.put(1)
    await alice.get()
    stop.abort()
    const { history, exitCode, report, directory } = await recorder.stop()
    expect([exitCode, report.headline]).toEqual([0, 'linearizable'])
    expect(JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8'))).toMatchObject({ interrupted: false })
    const calls = told.filter((event) => event.type === 'event' && event.event.type === 'invoke')
    expect(calls).toHaveLength(history.operations.length)
    expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(['starting', 'ready', 'ending', 'judged']))
    await expect(fetch(recorder.url())).rejects.toThrow()
  })

  test('record() opens no ports if it is aborted before the start', async () => {
    const given = recording(await storeOverHttp(), {}, { signal: AbortSignal.abort(new Error('too late')) })
    await expect(given).rejects.toThrow('too late')
  })

  test('record() finds the stale reads of a store', async () => {
    const recorder = await recording(await staleStore(), { expect: 'linearizable' })
    const alice = clientOf(recorder.url(), 'alice')
    await alice.put(1)
    await alice.put(2)
    await alice.get()
    const { report, exitCode } = await recorder.stop()
    expect(report.levels.linearizable.result).toBe('violated')
    expect(exitCode).toBe(1)
  })

  test('record() injects faults, counts their hits, and treats a request with a lost reply as possibly executed', async () => {
    const recorder = await recording(await storeOverHttp())
    const alice = clientOf(recorder.url(), 'alice')
    await alice.put(1)
    const heal = await recorder.hurt({ kind: 'lose-reply', match: { method: 'PUT' } })
    await expect(alice.put(2)).rejects.toThrow()
    expect(await heal()).toBe(1)
    expect(await heal()).toBe(1)
    expect(await clientOf(recorder.url(), 'bob').get()).toEqual({ value: 2 })
    const { report, history } = await recorder.stop()
    expect(report.headline).toBe('linearizable')
    expect(report.info.total).toBe(1)
    expect(history.nemesis.map(({ f }) => f)).toEqual(['lose-reply', 'heal', 'healed'])
  })

  test('record() records a fault of another program from the call of note() until the caller reports the end of the fault', async () => {
    const recorder = await recording(await storeOverHttp())
    const ended = recorder.note({ kind: 'partition', links: ['n1>db'] })
    await clientOf(recorder.url(), 'alice').put(1)
    ended(3)
    const { history, directory } = await recorder.stop()
    expect(history.nemesis.map(({ f }) => f)).toEqual(['partition', 'heal', 'healed'])
    const { faults } = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8'))
    expect(faults).toMatchObject([{ fault: { kind: 'partition' }, hits: 3 }])
    expect(() => recorder.note({ kind: 'partitoin' })).toThrow('Did you mean partition?')
  })

  test('eventual is undecided if a fault that note() reported may last until the end of the recording', async () => {
    const recorder = await recording(await storeOverHttp())
    recorder.note({ kind: 'partition', links: ['n1>db'] })
    await clientOf(recorder.url(), 'alice').put(1)
    const { history, report } = await recorder.stop()
    expect(history.nemesis.map(({ f }) => f)).toEqual(['partition', 'heal', 'unhealed'])
    expect(report.levels.eventual.result).toBe('unknown')
  })

  test('record() heals every fault when it is stopped, and can be stopped twice', async () => {
    const recorder = await recording(await storeOverHttp())
    await clientOf(recorder.url(), 'alice').put(1)
    await recorder.hurt({ kind: 'lose-reply' })
    const stopped = recorder.stop()
    expect(recorder.stop()).toBe(stopped)
    expect((await stopped).report.headline).toBe('linearizable')
    await expect(fetch(recorder.url())).rejects.toThrow()
  })

  test('record() refuses an unknown fault, server or table, and suggests a known name', async () => {
    const recorder = await recording(await storeOverHttp())
    await expect(recorder.hurt({ kind: 'lose-repply' })).rejects.toThrow('Did you mean lose-reply?')
    expect(() => recorder.url('n2')).toThrow('there is no server n2. Known: n1.')
    await expect(recorder.stop()).rejects.toThrow('Send requests to what url() and address() return')
    await expect(record({ upstream: '127.0.0.1:1', as: 'none.json' })).rejects.toThrow('none.json')
  })

  test.each([
    [{ upstream: 'nowhere' }, 'upstream nowhere: '],
    [{ as: 'none.json' }, 'as none.json: '],
    [{ expect: 'linearisable' }, 'expect linearisable: there is no such level. Did you mean linearizable?'],
    [{ require: ['lots'] }, 'require "lots": '],
    [{ seed: 0.5 }, 'seed: 0.5 is not a seed'],
    [{ timeoutMs: 0 }, 'timeoutMs: 0 is not a duration'],
    [{ initial: 'zero' }, 'initial zero: this is not JSON'],
  ])('record() names the member, and not the command-line option, if it refuses %j', async (wrong, message) => {
    await expect(recording('127.0.0.1:1', wrong)).rejects.toThrow(message)
  })
})
