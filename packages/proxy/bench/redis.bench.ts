import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BareProxyRequest } from './bare-proxy.ts'
import { type Helper, startHelper } from './children.ts'
import type { RedisProxyRequest } from './redis-proxy.ts'
import { startRedisServer } from './redis-server.ts'

export const name = 'redis: redis-benchmark through the proxy and its recorder'

const ROUNDS = 3
const CLIENTS = 50
const COMMANDS = 60_000
const LEAST_RECORDED_PER_SECOND = 20_000

interface Way {
  readonly title: string
  readonly port: number
  /** The process of the proxy; absent without a proxy. */
  readonly by?: Helper | undefined
}

/** Uses a real server, and clients in C. Clients in Node would be slower than the server and limit the rate. */
export async function run(print: (line: string) => void): Promise<void> {
  const missing = ['redis-server', 'redis-benchmark'].find((program) => !isInstalled(program))
  if (missing !== undefined) {
    print(`not measured: there is no ${missing}`)
    return
  }
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  const server = await startRedisServer()
  const { port } = server
  const proxy = startHelper('./redis-proxy.js')
  const bare = startHelper('./bare-proxy.js')
  try {
    const route = (file?: string) =>
      proxy.ask<{ port: number }>({ do: 'route', upstreamPort: port, file } satisfies RedisProxyRequest)
    const recorded: number[] = []
    const ways: readonly Way[] = [
      { title: 'without a proxy', port },
      { title: 'bare proxy', port: await bareRoute(bare, port), by: bare },
      { title: 'passed', port: (await route()).port, by: proxy },
      { title: 'recorded', port: (await route(join(directory, 'history.jsonl'))).port, by: proxy },
    ]
    for (let round = 0; round < ROUNDS; round++)
      for (const way of ways) {
        const before = await cpuMicroseconds(way)
        const perSecond = await commandsPerSecond(way.port)
        const each = ((await cpuMicroseconds(way)) - before) / (2 * COMMANDS)
        if (way.title === 'recorded') recorded.push(perSecond)
        print(
          `${way.title.padEnd(16)} ${shown(perSecond)} operations/s${way.by === undefined ? '' : `  ${each.toFixed(1)} µs CPU each`}`,
        )
      }
    const best = median(recorded)
    print(
      `recorded, ${CLIENTS} clients: ${shown(best)} operations/s, goal ≥ ${shown(LEAST_RECORDED_PER_SECOND)}${best >= LEAST_RECORDED_PER_SECOND ? '' : ' MISSED'}`,
    )
  } finally {
    proxy.stop()
    bare.stop()
    server.stop()
    rmSync(directory, { recursive: true })
  }
}

const bareRoute = async (bare: Helper, upstreamPort: number): Promise<number> =>
  (await bare.ask<{ port: number }>({ do: 'route', upstreamPort } satisfies BareProxyRequest)).port

/** Returns the CPU time that the proxy's process has used so far; 0 without a proxy. */
async function cpuMicroseconds({ by }: Way): Promise<number> {
  if (by === undefined) return 0
  const usage = { do: 'usage' } satisfies RedisProxyRequest & BareProxyRequest
  return (await by.ask<{ cpuMicroseconds: number }>(usage)).cpuMicroseconds
}

/** Returns the mean rate of SET and of GET with random keys. Each connection sends one command at a time. */
async function commandsPerSecond(port: number): Promise<number> {
  const keys = ['-r', '10000', '-d', '32', '-t', 'set,get', '--csv']
  const words = ['-p', `${port}`, '-c', `${CLIENTS}`, '-n', `${COMMANDS}`, ...keys]
  const { stdout } = await promisify(execFile)('redis-benchmark', words)
  const found = [...stdout.matchAll(/^"(?:SET|GET)","([\d.]+)"/gm)].map(([, perSecond]) => Number(perSecond))
  if (found.length !== 2) throw new Error(`redis-benchmark said ${stdout}`)
  return found.length / found.reduce((seconds, perSecond) => seconds + 1 / perSecond, 0)
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const shown = (perSecond: number): string => Math.round(perSecond).toLocaleString('en').padStart(7)
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
