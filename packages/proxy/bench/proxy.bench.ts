import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createNetwork } from '@chaos/proxy'
import type { Load, Measure, Ports, Request } from './load.ts'

export const name = 'proxy: through it and past it'

const ROUNDS = 7
const ROUND_MS = 500

interface Case {
  readonly title: string
  readonly measure: Measure
  readonly connections: number
  /** Of the direct figure. */
  readonly goal: number
  /** How the amounts are shown: per second, divided by this. */
  readonly unit: { readonly name: string; readonly size: number }
}

const megabytes = { name: 'MB', size: 1e6 }
const each = { name: '', size: 1 }

const cases: readonly Case[] = [
  { title: 'bulk download', measure: 'download', connections: 1, goal: 0.45, unit: megabytes },
  { title: 'bulk download', measure: 'download', connections: 8, goal: 0.33, unit: megabytes },
  { title: 'bulk upload', measure: 'upload', connections: 1, goal: 0.23, unit: megabytes },
  { title: '64-byte round trips', measure: 'round trips', connections: 1, goal: 0.38, unit: each },
  { title: '64-byte round trips', measure: 'round trips', connections: 64, goal: 0.38, unit: each },
  { title: 'connect, round trip, close', measure: 'connections', connections: 16, goal: 0.34, unit: each },
]

/** The proxy runs here, its two ends in processes of their own; rounds with and without it alternate. */
export async function run(print: (line: string) => void): Promise<void> {
  const network = createNetwork({ seed: 1 })
  const server = start()
  const client = start()
  try {
    const ports = await ask<Ports>(server, { role: 'serve' })
    for (const item of cases) {
      const upstream = { host: '127.0.0.1', port: ports[item.measure] }
      const route = await network.route({ from: 'clients', to: 'n1', upstream })
      const load = (port: number) =>
        ask<Load>(client, {
          role: 'load',
          measure: item.measure,
          port,
          connections: item.connections,
          durationMs: ROUND_MS,
        })
      const rounds: { direct: number; proxied: number; cpuPerUnit: number }[] = []
      await load(upstream.port)
      await load(route.port)
      for (let round = 0; round < ROUNDS; round++) {
        const direct = await load(upstream.port)
        const before = process.cpuUsage()
        const proxied = await load(route.port)
        const cpu = process.cpuUsage(before)
        rounds.push({
          direct: direct.amount / direct.seconds,
          proxied: proxied.amount / proxied.seconds,
          cpuPerUnit: (cpu.user + cpu.system) / proxied.amount,
        })
      }
      print(report(item, rounds))
    }
  } finally {
    await network.close()
    for (const child of [server, client]) child.kill()
  }
}

function report(item: Case, rounds: readonly { direct: number; proxied: number; cpuPerUnit: number }[]): string {
  const ratio = median(rounds.map(({ direct, proxied }) => proxied / direct))
  const perSecond = (amount: number) => `${Math.round(amount / item.unit.size)} ${item.unit.name}/s`.replace(' /', '/')
  const cpu = median(rounds.map(({ cpuPerUnit }) => cpuPerUnit))
  return [
    `${item.title}, ${item.connections} connection${item.connections === 1 ? '' : 's'}`.padEnd(44),
    `direct ${perSecond(median(rounds.map(({ direct }) => direct)))}`.padEnd(22),
    `proxied ${perSecond(median(rounds.map(({ proxied }) => proxied)))}`.padEnd(22),
    `ratio ${ratio.toFixed(2)} (goal ${item.goal})`.padEnd(24),
    item.unit === megabytes ? `CPU ${(cpu * 1e3).toFixed(2)} s/GB` : `CPU ${cpu.toFixed(1)} µs each`,
  ].join('')
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

const start = (): ChildProcess => fork(fileURLToPath(new URL('./load.js', import.meta.url)))

async function ask<Answer>(child: ChildProcess, request: Request): Promise<Answer> {
  child.send(request)
  const [answer] = await once(child, 'message')
  return answer as Answer
}
