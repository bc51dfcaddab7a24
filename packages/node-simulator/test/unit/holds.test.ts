import { type Completion, millis, nanos } from '@chaosproxy/history'
import { awaitsOf, createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import type { PlannedHold } from '@chaosproxy/simulator'
import { describe, expect, test } from 'vitest'
import { written } from '../../../testing/src/simulated.ts'

/**
 * On line 6 of the program, an await separates the read from the write. On line 7, a write of 99 awaits a promise that
 * is rejected.
 */
const PROGRAM = `import { createServer } from 'node:http'

let count = 0
const visit = async (by) => {
  const before = count
  const more = await by
  if (more === 99) await Promise.reject(new Error('no'))
  count = before + more
}
createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  if (request.method === 'PUT') await visit(JSON.parse(body).value).catch(() => response.writeHead(500))
  response.end(JSON.stringify({ value: count }))
}).listen(process.env['PORT'])
`

/** Writes the values, one every 10 ms, and reads at the end. Returns the clients' results, the trace and the awaits. */
async function answered(holds: readonly PlannedHold[] | undefined, values: readonly number[]) {
  const service = await loadService(written(PROGRAM))
  const answers: Completion[] = []
  const trace: string[] = []
  await outsidePromises(() => {
    const cluster = createServiceCluster(service, {
      ...{ nodes: 1, seed: 1, holds, delays: [], trace: (text) => trace.push(text) },
    })
    const run = (): void => void cluster.run(() => false, { events: 100_000, durationMs: millis(2_000) })
    try {
      cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
      cluster.scenarioBegins?.()
      const ask = (input: { f: string; value: number | null }, i: number): void =>
        cluster
          .connect('n1')
          .invoke(
            { input: { ...input, key: 'x' }, harmless: false, session: { client: `process-${i}`, sequence: 1 } },
            millis(1_000),
            (completion) => {
              answers[i] = completion
            },
          )
      const start = cluster.clock.now()
      for (const [i, value] of values.entries())
        cluster.clock.at(nanos(start + i * 10e6), () => ask({ f: 'write', value }, i))
      run()
      ask({ f: 'read', value: null }, values.length)
      run()
    } finally {
      cluster.close?.()
    }
  })
  return { answers, trace, awaits: awaitsOf(service) }
}

const HOLD: PlannedHold = { at: 'server.ts:6', from: nanos(0), until: 'server.ts:6', times: 1, most: nanos(500e6) }
const last = ({ answers }: { readonly answers: readonly Completion[] }): unknown => {
  const end = answers.at(-1)
  return end?.type === 'ok' ? end.value : end
}

describe('a request held at an await', () => {
  test('a request held at an await continues with values that it read before another request changed them', async () => {
    expect(last(await answered(undefined, [1, 2]))).toBe(3)
    expect(last(await answered([HOLD], [1, 2]))).toBe(1)
  })

  test('the held request is the first after the planned time, and is released after the planned duration', async () => {
    expect(last(await answered([{ ...HOLD, times: 2, most: nanos(5e6) }], [1, 2]))).toBe(3)
    expect(last(await answered([{ ...HOLD, from: nanos(5e6) }], [1, 2, 4]))).toBe(3)
    expect(last(await answered([{ ...HOLD, at: 'server.ts:7' }], [1, 2]))).toBe(3)
  })

  test('a request held at an await receives the error of the promise that it awaited', async () => {
    const { answers } = await answered([{ ...HOLD, at: 'server.ts:7', until: 'server.ts:6' }], [99, 2])
    expect(answers.map(({ type }) => type)).toEqual(['info', 'ok', 'ok'])
  })

  test('a run with a held request has the same trace each time, and the usual trace if no request is held', async () => {
    const [one, other, none, unheld] = [
      await answered([HOLD], [1, 2]),
      await answered([HOLD], [1, 2]),
      await answered(undefined, [1, 2]),
      await answered([{ ...HOLD, at: 'other.ts:6' }], [1, 2]),
    ]
    expect(one.trace).toEqual(other.trace)
    expect(one.trace).not.toEqual(none.trace)
    expect(unheld.trace).toEqual(none.trace)
  })

  test('the await at which a request is held is identified by file and line within a function', async () => {
    expect((await answered(undefined, [])).awaits).toEqual(['server.ts:6', 'server.ts:7', 'server.ts:13'])
  })
})
