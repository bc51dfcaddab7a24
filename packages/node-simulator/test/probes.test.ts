import { millis } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import { describe, expect, test } from 'vitest'
import type { CodeStep } from '../src/world/requests.ts'
import { written } from './simulated.ts'

const PROGRAM = `
import { createServer, type IncomingMessage } from 'node:http'

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const double = async (n: number) => ({ twice: await (0, wait(1).then(() => n * 2)) })
class Shop {
  constructor(private readonly name = '😀') {}
  async sell(request: IncomingMessage) {
    'use strict'
    for await (const _ of request);
    if (request.method === 'GET') return this.name
    else if (request.method === 'PUT')
      return (await double(4)).twice
    switch (request.method) { default: let n = 0; do n++; while (n < 2)
      return n }
  }
}
const shop = new Shop()
createServer(async (request, response) => {
  const value = await shop.sell(request)
  response.end(JSON.stringify({ value }))
}).listen(process.env['PORT'])
`

/** Sends these requests at once, and returns the clients' results and the watched steps of the program. */
async function watched(probing: 'functions' | 'lines' | readonly number[] | undefined, program = PROGRAM) {
  const spec = written(program)
  const at = typeof probing === 'object' ? probing.map((line) => ({ file: spec.program, line })) : probing
  const service = await loadService(spec, at)
  const steps: CodeStep[] = []
  const answers: unknown[] = []
  const trace: string[] = []
  await outsidePromises(() => {
    const code = (step: CodeStep): boolean => {
      steps.push(step)
      return false
    }
    const cluster = createServiceCluster(service, {
      ...{ nodes: 1, seed: 1, initial: null, trace: (text) => trace.push(text) },
      ...(probing === undefined ? {} : { code }),
    })
    try {
      cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
      const asked = [
        { input: { f: 'read', key: 'x', value: null }, harmless: true },
        { input: { f: 'write', key: 'x', value: 1 }, harmless: false },
        { input: { f: 'cas', key: 'x', value: [1, 2] }, harmless: false },
      ]
      for (const [i, request] of asked.entries())
        cluster
          .connect('n1')
          .invoke({ ...request, session: { client: `process-${i}`, sequence: 1 } }, millis(1_000), (completion) => {
            answers[i] = completion
          })
      cluster.run(() => false, { events: 100_000, durationMs: millis(1_000) })
    } finally {
      cluster.close?.()
    }
  })
  const { sites } = service.program
  const lines = (request: string): readonly string[] =>
    steps
      .filter((step) => step.request === request)
      .map(
        ({ type, site }) => `${type} ${(sites[site]?.line ?? 0) - 1} ${sites[sites[site]?.within ?? 0]?.name ?? '-'}`,
      )
  return { answers, trace, lines, service }
}

describe('a program with probes', () => {
  test('behaves as without them, packet by packet', async () => {
    const [plain, functions, lines] = [await watched(undefined), await watched('functions'), await watched('lines')]
    expect(plain.trace.filter((text) => text.includes('200 OK'))).toHaveLength(3)
    expect(plain.answers).not.toContain(undefined)
    for (const probed of [functions, lines])
      expect(probed).toMatchObject({ trace: plain.trace, answers: plain.answers })
  })

  test('reports which line ran for which request, and when an await began and ended', async () => {
    const { lines } = await watched('lines')
    expect(lines('process-1-1')).toEqual([
      'enters 18 -',
      'at 19 -',
      'enters 7 sell',
      'at 9 sell',
      'gone 19 -',
      'at 10 sell',
      'at 12 sell',
      'enters 4 double',
      'enters 3 wait',
      'enters 3 -',
      'gone 4 double',
      'gone 12 sell',
      'enters 4 -',
      'back 4 double',
      'back 12 sell',
      'back 19 -',
      'at 20 -',
    ])
  })

  test('reports only the lines that are asked for, and awaits', async () => {
    const { lines, trace } = await watched([11, 20])
    expect(lines('process-1-1')).toEqual([
      'at 19 -',
      'gone 19 -',
      'at 10 sell',
      'gone 4 double',
      'gone 12 sell',
      'back 4 double',
      'back 12 sell',
      'back 19 -',
    ])
    expect(trace).toEqual((await watched(undefined)).trace)
  })

  test('tracks the request even when an event of the body calls back', async () => {
    const { lines } = await watched(
      'functions',
      `import { createServer } from 'node:http'
      createServer((request, response) => {
        const served = () => response.end('{}')
        request.on('data', () => {}).on('end', served)
      }).listen(process.env['PORT'])`,
    )
    expect(lines('process-2-1').at(-1)).toContain('served')
  })

  test('stops in a debugger in files as they were written, except installed packages', async () => {
    const { program } = written(PROGRAM)
    const { service } = await watched('functions')
    expect(new Set(service.program.sites.map(({ file }) => file))).toEqual(new Set([program]))
  })
})
