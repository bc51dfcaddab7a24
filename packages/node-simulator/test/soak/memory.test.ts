import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { millis } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises, type Service } from '@chaosproxy/node-simulator'
import { expect, test } from 'vitest'
import { written } from '../../../testing/src/simulated.ts'

// A run leaves nothing behind: no server, socket, parser, timer or promise keeps its world in memory.

const RUNS = process.env['CHAOS_SOAK'] === 'short' ? 300 : 5_000
/** The number of runs before the measurement, in which code is compiled and caches are filled. */
const WARM_UP = 100
const MOST_GROWTH_BYTES = 4 << 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const PROGRAMS: { readonly [name: string]: string } = {
  'plain HTTP': `
    import { createServer } from 'node:http'
    import { appendFile } from 'node:fs/promises'
    const values = new Map()
    createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      if (request.method === 'PUT') {
        values.set(request.url, JSON.parse(body).value)
        await appendFile('log', body)
        for (const peer of process.env.PEERS.split(',').filter((each) => each !== ''))
          fetch(peer + request.url, { signal: AbortSignal.timeout(50) }).then((answer) => answer.text(), () => {})
      }
      response.end(JSON.stringify({ value: values.get(request.url) ?? null }))
    }).listen(process.env.PORT)`,
  express: `
    import express from 'express'
    const app = express()
    app.use(express.json({ type: () => true }))
    const values = new Map()
    app.get('/kv/:key', (request, response) => response.json({ value: values.get(request.params.key) ?? null }))
    app.put('/kv/:key', (request, response) => response.json({ value: values.set(request.params.key, request.body.value).size }))
    app.listen(process.env.PORT)`,
}

function runOnce(service: Service, seed: number, keepsPackages: boolean): void {
  const cluster = createServiceCluster(service, { nodes: 2, seed, keepsPackages })
  try {
    cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
    for (const [i, node] of ['n1', 'n2', 'n1', 'n2'].entries()) {
      const input = { f: i < 2 ? 'write' : 'read', key: 'x', value: i < 2 ? i : null }
      cluster.connect(node).invoke({ input, harmless: i > 1 }, millis(200), () => {})
    }
    cluster.inject({ kind: 'kill', nodes: ['n2'] }, () => {})
    cluster.run(() => false, { events: 100_000, durationMs: millis(100) })
  } finally {
    cluster.close?.()
  }
}

/** The memory in use after a full garbage collection, which needs turns of the real event loop. */
async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const CASES = Object.entries(PROGRAMS).flatMap(([name, text]) => [
  [name, 'packages of its own', text, false] as const,
  [name, 'those of an earlier run', text, true] as const,
])

test.each(CASES)(
  `${RUNS} runs of a program on %s with %s do not increase the memory in use`,
  async (_, _packages, text, keeps) => {
    const service = await loadService(written(text))
    let before = 0
    for (let seed = 1; seed <= WARM_UP + RUNS; seed++) {
      await outsidePromises(() => runOnce(service, seed, keeps))
      if (seed === WARM_UP) before = await usedBytes()
    }
    const after = await usedBytes()
    console.info(`${RUNS} runs: ${(before / 1e6).toFixed(1)} → ${(after / 1e6).toFixed(1)} MB`)
    expect(after - before).toBeLessThan(MOST_GROWTH_BYTES)
  },
)
