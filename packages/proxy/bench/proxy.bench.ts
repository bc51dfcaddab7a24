import type { TcpFault } from '@chaosproxy/faults'
import { millis } from '@chaosproxy/history'
import { type Helper, startHelper } from './children.ts'
import { type CompiledLoad, startCompiledLoad } from './compiled-load.ts'
import { type Haproxy, startHaproxy } from './haproxy.ts'
import type { Load, LoadRequest, Measure, Ports } from './load.ts'
import type { ProxyRequest, Usage } from './proxy-process.ts'

export const name = 'proxy: through it and past it'

const ROUNDS = 5
const ROUND_MS = 250
/** Rates of small messages vary more between rounds. */
const SMALL_ROUNDS = 7
const SMALL_ROUND_MS = 500
/** The number of first rounds that do not count, because the code of the processes is still being compiled. */
const WARM_UP_ROUNDS = 2
const IDLE_CONNECTIONS = 5_000

interface Case {
  readonly title: string
  readonly measure: Measure
  readonly connections: number
  /** The lowest acceptable rate, as a fraction of the rate without a proxy. */
  readonly goal: number
  /** The unit in which rates are shown. Amounts per second are divided by `size`. */
  readonly unit: { readonly name: string; readonly size: number }
}

const megabytes = { name: 'MB', size: 1e6 }
const each = { name: '', size: 1 }

const cases: readonly Case[] = [
  { title: 'bulk download', measure: 'download', connections: 1, goal: 0.45, unit: megabytes },
  { title: 'bulk download', measure: 'download', connections: 8, goal: 0.33, unit: megabytes },
  { title: 'bulk upload', measure: 'upload', connections: 1, goal: 0.23, unit: megabytes },
  { title: 'HTTP keep-alive', measure: 'http', connections: 64, goal: 0.42, unit: each },
]

/**
 * Benchmarks with small messages. The program load.c makes the requests if it can be compiled; otherwise Node makes
 * them.
 */
const smallCases: readonly (Case & { readonly measure: 'round trips' | 'connections' })[] = [
  { title: '64-byte round trips', measure: 'round trips', connections: 1, goal: 0.38, unit: each },
  { title: '64-byte round trips', measure: 'round trips', connections: 64, goal: 0.36, unit: each },
  { title: '64-byte round trips', measure: 'round trips', connections: 256, goal: 0.4, unit: each },
  { title: 'connect, round trip, close', measure: 'connections', connections: 64, goal: 0.32, unit: each },
]

/** The server, the clients and the proxy run in a process each. Each round measures without and with the proxy. */
export async function run(print: (line: string) => void): Promise<void> {
  const server = startHelper('./load.js')
  const client = startHelper('./load.js')
  const compiled = await startCompiledLoad()
  let haproxy: Haproxy | undefined
  try {
    const ports = await server.ask<Ports>({ role: 'serve' })
    const small = 'why' in compiled ? undefined : compiled
    haproxy = await startHaproxy([...Object.values(ports), ...(small === undefined ? [] : [small.port])])
    if (haproxy === undefined)
      print('haproxy is not installed, so there is nothing to compare with but no proxy at all')
    await withProxy(async (proxy) => {
      for (const item of cases) {
        const rounds = await compare({ load: loadByNode(item, client), port: ports[item.measure], proxy, haproxy })
        print(report(item, rounds))
      }
      if ('why' in compiled)
        print(`${compiled.why}: small messages are loaded by Node, which makes every proxy look fast`)
      for (const item of smallCases) {
        const load = small === undefined ? loadByNode(item, client) : loadCompiled(item, small)
        const port = small?.port ?? ports[item.measure]
        print(report(item, await compare({ load, port, proxy, haproxy, roundCount: SMALL_ROUNDS })))
      }
      print(await measureLatency(client, proxy, ports['round trips']))
      print(await measureBulkThroughLatency(client, proxy, ports.download))
      print(await measureBandwidth(client, proxy, ports.download))
    })
    print(await withProxy((proxy) => measureIdle(proxy, ports['round trips'])))
  } finally {
    haproxy?.stop()
    if (!('why' in compiled)) compiled.stop()
    for (const helper of [server, client]) helper.stop()
  }
}

type LoadAt = (port: number) => Promise<Load>

const loadByNode =
  ({ measure, connections }: Case, client: Helper): LoadAt =>
  (port) =>
    client.ask<Load>({ role: 'load', measure, port, connections, durationMs: ROUND_MS } satisfies LoadRequest)

const loadCompiled =
  ({ measure, connections }: (typeof smallCases)[number], compiled: CompiledLoad): LoadAt =>
  (port) =>
    compiled.load({ role: roles[measure], port, connections, durationMs: SMALL_ROUND_MS })

const roles = { 'round trips': 'round-trips', connections: 'connects' } as const

interface Round {
  readonly direct: number
  readonly proxied: number
  readonly haproxied: number | undefined
  readonly cpuPerUnit: number
}

interface Comparison {
  readonly load: LoadAt
  /** The server's port. */
  readonly port: number
  readonly proxy: Proxy
  readonly haproxy: Haproxy | undefined
  readonly roundCount?: number
}

async function compare({ load, port, proxy, haproxy, roundCount = ROUNDS }: Comparison): Promise<readonly Round[]> {
  const rate = async (at: number) => {
    const { amount, seconds, total = amount } = await load(at)
    return { total, perSecond: amount / seconds }
  }
  const beside = haproxy?.ports.get(port)
  const through = await proxy.listenFor(port)
  const rounds: Round[] = []
  for (let round = 0; round < WARM_UP_ROUNDS + roundCount; round++) {
    const direct = await rate(port)
    const before = await proxy.usage()
    const proxied = await rate(through)
    const after = await proxy.usage()
    const haproxied = beside === undefined ? undefined : await rate(beside)
    if (round < WARM_UP_ROUNDS) continue
    rounds.push({
      direct: direct.perSecond,
      proxied: proxied.perSecond,
      haproxied: haproxied?.perSecond,
      cpuPerUnit: (after.cpuMicroseconds - before.cpuMicroseconds) / proxied.total,
    })
  }
  return rounds
}

interface Proxy {
  listenFor(port: number): Promise<number>
  apply(fault: TcpFault): Promise<void>
  heal(): Promise<void>
  usage(): Promise<Usage>
  collectGarbage(): Promise<void>
}

async function withProxy<Result>(use: (proxy: Proxy) => Promise<Result>): Promise<Result> {
  const helper = startHelper('./proxy-process.js', ['--expose-gc'])
  const ask = <Answer>(request: ProxyRequest) => helper.ask<Answer>(request)
  try {
    await ask({ do: 'start' })
    return await use({
      listenFor: async (port) => (await ask<{ port: number }>({ do: 'route', name: 'n1', port })).port,
      apply: (fault) => ask({ do: 'apply', fault }),
      heal: () => ask({ do: 'heal' }),
      usage: () => ask({ do: 'usage' }),
      collectGarbage: () => ask({ do: 'collect garbage' }),
    })
  } finally {
    helper.stop()
  }
}

function report(item: Case, rounds: readonly Round[]): string {
  const { title, connections, unit, goal } = item
  const rate = (per: (round: Round) => number) => {
    const shown = Math.round(median(rounds.map(per)) / unit.size)
    return unit.name === '' ? `${shown}/s` : `${shown} ${unit.name}/s`
  }
  const cpu = median(rounds.map(({ cpuPerUnit }) => cpuPerUnit))
  const haproxied = rounds.some((round) => round.haproxied !== undefined)
  return [
    `${title}, ${count(connections, 'connection')}`.padEnd(48),
    `direct ${rate(({ direct }) => direct)}`.padEnd(20),
    `proxied ${rate(({ proxied }) => proxied)}`.padEnd(20),
    `ratio ${median(rounds.map(({ direct, proxied }) => proxied / direct)).toFixed(2)} (goal ${goal})`.padEnd(24),
    haproxied
      ? `haproxy ${median(rounds.map((round) => (round.haproxied ?? 0) / round.direct)).toFixed(2)}`.padEnd(14)
      : '',
    unit === megabytes ? `CPU ${(cpu * 1e3).toFixed(2)} s/GB` : `CPU ${cpu.toFixed(1)} µs each`,
  ].join('')
}

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`

async function measureIdle(proxy: Proxy, port: number): Promise<string> {
  const through = await proxy.listenFor(port)
  const loader = startHelper('./load.js')
  try {
    // The first connections also use memory for code and caches, which later connections share. They are opened before
    // the measurement, so that this memory does not count.
    await loader.ask<object>({ role: 'idle', port: through, connections: 500 } satisfies LoadRequest)
    await proxy.collectGarbage()
    const before = await proxy.usage()
    await loader.ask<object>({ role: 'idle', port: through, connections: IDLE_CONNECTIONS } satisfies LoadRequest)
    await proxy.collectGarbage()
    const after = await proxy.usage()
    const perConnection = (after.residentBytes - before.residentBytes) / IDLE_CONNECTIONS / 1000
    return `${IDLE_CONNECTIONS} idle connections: ${perConnection.toFixed(1)} KB each (goal 15), ${Math.round(after.residentBytes / 1e6)} MB in all`
  } finally {
    loader.stop()
  }
}

const toServer = [{ from: 'clients', to: 'n1' }]
const toClients = [{ from: 'n1', to: 'clients' }]
const latency = (latencyMs: number): TcpFault => ({
  kind: 'latency',
  links: toServer,
  latencyMs: millis(latencyMs),
  jitterMs: millis(0),
})

async function measureLatency(client: Helper, proxy: Proxy, port: number): Promise<string> {
  const through = await proxy.listenFor(port)
  const trips = async (pauseMs: number) => {
    const request: LoadRequest = { role: 'time', port: through, trips: 100, pauseMs }
    return (await client.ask<{ tripsMs: number[] }>(request)).tripsMs
  }
  // Under the fault, the processes are idle for 50 ms in each trip, and a process reacts more slowly after it was idle.
  // So the trips without the fault pause for 50 ms, too, to measure the same slow reactions.
  const plain = median(await trips(50))
  await proxy.apply(latency(50))
  const errors = (await trips(0)).map((tripMs) => tripMs - 50 - plain).sort((a, b) => a - b)
  await proxy.heal()
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  const [p50 = Number.NaN, p99 = Number.NaN] = [errors[50], errors[98]]
  const bare = await timerErrors()
  return [
    `latency of 50 ms: mean error ${mean.toFixed(2)} ms (goal 0.6), median ${p50.toFixed(2)} ms,`,
    `99th percentile ${p99.toFixed(2)} ms (goal 1.0); a bare timer of this machine: mean ${bare.mean.toFixed(2)} ms,`,
    `99th percentile ${bare.p99.toFixed(2)} ms`,
  ].join(' ')
}

/** Measures how late a timer of 50 ms fires if nothing else happens. The proxy's delays cannot be more exact. */
async function timerErrors(): Promise<{ readonly mean: number; readonly p99: number }> {
  const errors: number[] = []
  for (let i = 0; i < 100; i++) {
    const startedAtMs = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 50))
    errors.push(performance.now() - startedAtMs - 50)
  }
  errors.sort((a, b) => a - b)
  return { mean: errors.reduce((sum, error) => sum + error, 0) / errors.length, p99: errors[98] ?? Number.NaN }
}

async function measureBulkThroughLatency(client: Helper, proxy: Proxy, port: number): Promise<string> {
  const through = await proxy.listenFor(port)
  await proxy.apply({ ...latency(50), links: toClients })
  const request: LoadRequest = { role: 'load', measure: 'download', port: through, connections: 1, durationMs: 2000 }
  const { amount, seconds } = await client.ask<Load>(request)
  await proxy.heal()
  return `bulk download through a latency of 50 ms: ${Math.round(amount / seconds / 1e6)} MB/s (goal 800)`
}

async function measureBandwidth(client: Helper, proxy: Proxy, port: number): Promise<string> {
  const through = await proxy.listenFor(port)
  await proxy.apply({ kind: 'bandwidth', links: toClients, bytesPerSecond: 1e6 })
  const { bytesPerSecond } = await client.ask<{ bytesPerSecond: number[] }>({
    role: 'watch',
    port: through,
    windows: 6,
  })
  await proxy.heal()
  const mean = bytesPerSecond.reduce((sum, rate) => sum + rate, 0) / bytesPerSecond.length
  const worst = Math.max(...bytesPerSecond.map((rate) => Math.abs(rate / 1e6 - 1)))
  return `limit of 1 MB/s: ${((mean / 1e6 - 1) * 100).toFixed(2)}% off (goal 0.5), worst half second ${(worst * 100).toFixed(2)}%`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
