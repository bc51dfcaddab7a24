import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type Helper, startHelper } from '../../proxy/bench/children.ts'
import type { Load, LoadRequest, Measure, Ports } from '../../proxy/bench/load.ts'
import type { LinksRequest } from './links-process.ts'
import { type NetContainers, openNetContainers } from './net-containers.ts'

export const name = 'targets: links between containers'

const ROUNDS = 9
const BARE_ROUNDS = 5
const ROUND_MS = 400
/** Rounds before the measurement, in which the code of all processes is compiled. */
const WARM_UP_ROUNDS = 2
const TRIPS = 2_000
/** The number of containers. Every ordered pair of them is a link. */
const CONTAINERS = 21
/** The number of containers that most projects have. */
const FEW_CONTAINERS = 6
const ATTACHES = 5
const KILLS = 10
/** The proxy is killed after a random time up to this limit. */
const KILLED_WITHIN_MS = 400
/** How long connections must succeed before the container counts as served again. */
const SERVES_MS = 2_000
const IDLE_MS = 15_000
const IDLE_LOOKS = 4

interface Case {
  readonly title: string
  readonly measure: Measure
  readonly connections: number
}

const cases: readonly Case[] = [
  { title: 'bulk download, 1 connection', measure: 'download', connections: 1 },
  { title: '64-byte round trips, 1 connection', measure: 'round trips', connections: 1 },
  { title: '64-byte round trips, 64 connections', measure: 'round trips', connections: 64 },
  { title: 'HTTP keep-alive, 64 connections', measure: 'http', connections: 64 },
]

/** The processes at the two ends of a measured connection, and the address that the client dials. */
interface Ends {
  readonly client: Helper
  readonly ports: Ports
}

/** Measures pairs: a link between containers, and a route of the same proxy between processes. */
export async function run(print: (line: string) => void): Promise<void> {
  const missing = ['ip', 'nft', 'nsenter', 'ss'].find((program) => spawnSync(program, ['-V']).error !== undefined)
  if (process.getuid?.() !== 0 || missing !== undefined) {
    print(`not measured: ${missing === undefined ? 'only root may open networks' : `there is no ${missing}`}`)
    return
  }
  const containers = await openNetContainers(CONTAINERS)
  const startProxy = () =>
    startHelper(new URL('./links-process.js', import.meta.url), ['--expose-gc'], {
      environment: { PATH: containers.path },
    })
  const proxy = startProxy()
  const ask = <Answer>(request: LinksRequest) => proxy.ask<Answer>(request)
  const helpers: Helper[] = [proxy]
  const start = (inside: string | undefined, host: string) => {
    const surroundings = { environment: { CHAOS_BENCH_HOST: host }, ...(inside === undefined ? {} : { inside }) }
    const helper = startHelper('./load.js', [], surroundings)
    helpers.push(helper)
    return helper
  }
  try {
    const [first = '', second = ''] = containers.ids
    const host = containers.addressOf(second)
    const ports = await start(second, host).ask<Ports>({ role: 'serve' })
    const link: Ends = { client: start(first, host), ports }
    const local = await start(undefined, '127.0.0.1').ask<Ports>({ role: 'serve' })
    const client = start(undefined, '127.0.0.1')
    // Measures the cost of bridges without any proxy.
    const bare = await bareRatios(link, { client, ports: local })
    await ask({ do: 'attach', ids: [first, second] })
    const routed: [string, number][] = []
    for (const [measure, port] of Object.entries(local))
      routed.push([measure, (await ask<{ port: number }>({ do: 'route', port })).port])
    const route: Ends = { client, ports: Object.fromEntries(routed) as Ports }
    for (const [i, each] of cases.entries())
      print(`${await compare(each, link, route)}; without proxy ${bare[i]?.toFixed(2)}`)
    print(await compareLatency(link, route))
    await ask({ do: 'detach' })
    print(await attaching(containers, ask))
    print(await serveAgain(containers, startProxy))
    for (const line of await idleLinks(containers, ask)) print(line)
    await ask({ do: 'detach' })
  } finally {
    for (const helper of helpers) helper.stop()
    containers.remove()
  }
}

interface Pair {
  readonly linked: number
  readonly routed: number
}

async function pairsOf({ measure, connections }: Case, link: Ends, route: Ends, rounds: number): Promise<Pair[]> {
  const rate = async ({ client, ports }: Ends) => {
    const request = { role: 'load', measure, port: ports[measure], connections, durationMs: ROUND_MS } as const
    const { amount, seconds } = await client.ask<Load>(request satisfies LoadRequest)
    return amount / seconds
  }
  const pairs: Pair[] = []
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
    // The variants take turns, because the first of a pair finds colder caches.
    const linkedFirst = round % 2 === 0 ? await rate(link) : undefined
    const routed = await rate(route)
    const linked = linkedFirst ?? (await rate(link))
    if (round >= WARM_UP_ROUNDS) pairs.push({ linked, routed })
  }
  return pairs
}

const ratioOf = (pairs: readonly Pair[]): number => median(pairs.map(({ linked, routed }) => linked / routed))

async function bareRatios(link: Ends, processes: Ends): Promise<readonly number[]> {
  const ratios: number[] = []
  for (const each of cases) ratios.push(ratioOf(await pairsOf(each, link, processes, BARE_ROUNDS)))
  return ratios
}

async function compare(item: Case, link: Ends, route: Ends): Promise<string> {
  const { title, measure } = item
  const pairs = await pairsOf(item, link, route, ROUNDS)
  const shown = (per: number) => (measure === 'download' ? `${Math.round(per / 1e6)} MB/s` : `${Math.round(per)}/s`)
  return [
    title.padEnd(38),
    `processes ${shown(median(pairs.map(({ routed }) => routed)))}`.padEnd(24),
    `containers ${shown(median(pairs.map(({ linked }) => linked)))}`.padEnd(24),
    `ratio ${ratioOf(pairs).toFixed(2)} (goal 0.90)`,
  ].join('')
}

async function tripOf({ client, ports }: Ends, measure: Measure): Promise<number> {
  const request: LoadRequest = { role: 'time', port: ports[measure], trips: TRIPS, pauseMs: 0 }
  return median((await client.ask<{ tripsMs: number[] }>(request)).tripsMs)
}

async function compareLatency(link: Ends, route: Ends): Promise<string> {
  const ratios: number[] = []
  const linked: number[] = []
  const routed: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    linked.push(await tripOf(link, 'round trips'))
    routed.push(await tripOf(route, 'round trips'))
    ratios.push((linked.at(-1) ?? 0) / (routed.at(-1) ?? 1))
  }
  const micros = (ms: number) => `${Math.round(ms * 1000)} µs`
  return [
    'latency of a round trip'.padEnd(38),
    `processes ${micros(median(routed))}`.padEnd(24),
    `containers ${micros(median(linked))}`.padEnd(24),
    `ratio ${median(ratios).toFixed(2)} (goal 1.10)`,
  ].join('')
}

async function attaching(
  { ids }: NetContainers,
  ask: <Answer>(request: LinksRequest) => Promise<Answer>,
): Promise<string> {
  const times: number[] = []
  for (let i = 0; i < ATTACHES; i++) {
    times.push((await ask<{ tookMs: number }>({ do: 'attach', ids: ids.slice(0, FEW_CONTAINERS) })).tookMs)
    await ask({ do: 'detach' })
  }
  return `${FEW_CONTAINERS} containers attached in ${(median(times) / 1000).toFixed(2)} s (goal 1.00)`
}

/** Kills the proxy between containers, and measures how soon one container reaches another again. */
async function serveAgain({ ids, addressOf }: NetContainers, startProxy: () => Helper): Promise<string> {
  const [from = '', to = ''] = ids
  const times: number[] = []
  for (let i = 0; i < KILLS; i++) {
    const proxy = startProxy()
    await proxy.ask({ do: 'attach', ids: ids.slice(0, FEW_CONTAINERS) } satisfies LinksRequest)
    const dialling = dial(from, addressOf(to))
    await dialling.isReached()
    await new Promise((resolve) => setTimeout(resolve, Math.random() * KILLED_WITHIN_MS))
    const killedAtMs = Date.now()
    proxy.kill()
    times.push((await dialling.stopped(killedAtMs)) - killedAtMs)
  }
  return `after kill -9 direct connections within ${Math.max(...times)} ms at most of ${KILLS} times, median ${median(times)} ms (goal 1000)`
}

/** Dials repeatedly. Prints the start and the success of each attempt. */
const DIALLING = (host: string): string => `
  const net = require('node:net')
  ;(function dial() {
    const at = Date.now()
    const socket = net.connect({ port: 9000, host: '${host}' })
    const done = (text) => {
      console.log(text + ' ' + at)
      socket.destroy()
      setTimeout(dial, 2)
    }
    socket.setTimeout(200, () => done('no'))
    socket.once('connect', () => done('ok')).once('error', () => done('no'))
  })()
`

/** Dials from inside one container to the port on which another container listens. */
function dial(id: string, host: string) {
  const child = spawn('nsenter', [`--net=/run/netns/${id}`, '--', process.execPath, '-e', DIALLING(host)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const first = once(lines, 'line')
  const attempts: { readonly isOk: boolean; readonly atMs: number }[] = []
  lines.on('line', (line) => {
    const [word, at] = line.split(' ')
    attempts.push({ isOk: word === 'ok', atMs: Number(at) })
  })
  return {
    isReached: () => first,
    /** Stops dialling after `SERVES_MS`. Resolves with the time since which every attempt has succeeded. */
    async stopped(afterMs: number): Promise<number> {
      await new Promise((resolve) => setTimeout(resolve, SERVES_MS))
      child.kill()
      const later = attempts.filter(({ atMs }) => atMs >= afterMs)
      const lastFailed = later.findLastIndex(({ isOk }) => !isOk)
      return later[lastFailed + 1]?.atMs ?? Number.POSITIVE_INFINITY
    },
  }
}

async function idleLinks(
  { ids }: NetContainers,
  ask: <Answer>(request: LinksRequest) => Promise<Answer>,
): Promise<readonly string[]> {
  const memory = (afterMs: number) => ask<{ residentBytes: number; heapBytes: number }>({ do: 'memory', afterMs })
  const before = await memory(0)
  const { tookMs } = await ask<{ tookMs: number }>({ do: 'attach', ids })
  const looks = [await memory(1_000)]
  for (let i = 0; i < IDLE_LOOKS; i++) looks.push(await memory(IDLE_MS))
  const links = ids.length * (ids.length - 1)
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  const heaps = looks.map(({ heapBytes }) => megabytes(heapBytes)).join(', ')
  const growth = (looks.at(-1)?.residentBytes ?? 0) - (looks[0]?.residentBytes ?? 0)
  return [
    `${ids.length} containers attached in ${(tookMs / 1000).toFixed(2)} s (goal 3.00)`,
    `${links} idle links: heap of ${heaps} MB, looked at every ${IDLE_MS / 1000} s, ${megabytes(before.heapBytes)} MB without them; resident memory grew by ${megabytes(growth)} MB (goal: none)`,
  ]
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
