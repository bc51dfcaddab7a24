import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Fault } from '@chaosproxy/faults'
import { millis, type Nanos, nanos } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import type { SimulatedCluster } from '@chaosproxy/simulator'
import { expect, onTestFinished } from 'vitest'

const ROUTES = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' },
    { request: 'POST /kv/{key}', f: 'cas', value: ['json.from', 'json.to'], outcomes: { '409': 'fail' } },
  ],
}

type Written = { readonly program: string; readonly routes: string }

type PostgresSpec = NonNullable<Parameters<typeof loadService>[0]['postgres']>[string]

/** A program is bundled once, even if a test runs it several times. */
const files = new Map<string, Written>()

type Beside = { readonly [path: string]: string }

/** Writes a program, the files `beside` it and a route table to a separate folder. */
export function written(program: string, name = 'server.ts', beside: Beside = {}): Written {
  const key = JSON.stringify([name, program, beside])
  const before = files.get(key)
  if (before !== undefined) return before
  const made = newlyWritten(program, name, beside)
  files.set(key, made)
  onTestFinished(() => {
    files.delete(key)
    rmSync(dirname(made.program), { recursive: true })
  })
  return made
}

function newlyWritten(program: string, name: string, beside: Beside): Written {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-nodesim-'))
  const [file, routes] = [join(folder, name), join(folder, 'routes.json')]
  // Links this repository's packages, as a user would install them.
  symlinkSync(join(import.meta.dirname, '..', '..', '..', 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(file, program)
  writeFileSync(routes, JSON.stringify(ROUTES))
  for (const [path, text] of Object.entries(beside)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return { program: file, routes }
}

export interface Ran {
  /** The programs' output. Each line begins with a node's name. */
  readonly lines: readonly string[]
  /** All events. */
  readonly trace: readonly string[]
  readonly durationMs: number
  /** The violated assertion, or how one of the programs ended. */
  readonly broken: ReturnType<NonNullable<SimulatedCluster['broken']>>
  /** The assertions that at least one run should meet, and that this run has not met. */
  readonly unmet: readonly string[]
}

interface Options {
  readonly nodes?: number
  readonly seed?: number
  readonly redis?: 'simulated'
  /** Adds a PostgreSQL server at pg:5432. */
  readonly postgres?: PostgresSpec
  readonly http?: 'bytes' | 'messages'
  readonly environment?: { readonly [name: string]: string }
  readonly beside?: Beside
  /** Programs that run in addition to the nodes. By program name: its file in `beside`. */
  readonly servers?: { readonly [name: string]: string }
  /** The file in `beside` that defines the clients. These replace the clients of the route table. */
  readonly client?: string
  /** Whether the run may reuse packages of an earlier run. */
  readonly keepsPackages?: boolean
  /** Virtual time. */
  readonly forMs?: number
  /** Real time. */
  readonly longestMs?: number
  readonly meanwhile?: (cluster: SimulatedCluster) => void
}

/** Runs a program on one or more nodes, by default for one virtual second. */
export async function ran(program: string, options: Options = {}): Promise<Ran> {
  const { nodes = 1, seed = 1, environment, forMs = 1_000, meanwhile } = options
  const { redis, beside, longestMs, http, servers, client, postgres } = options
  const { routes, ...files } = written(program, undefined, beside)
  const named = Object.entries(servers ?? {}).map(
    ([name, path]) => [name, { program: join(dirname(files.program), path) }] as const,
  )
  const service = await loadService({
    ...{ ...files, environment, redis, http },
    ...(client === undefined ? { routes } : { client: join(dirname(files.program), client) }),
    ...(postgres === undefined ? {} : { postgres: { pg: postgres } }),
    ...(servers === undefined ? {} : { beside: Object.fromEntries(named) }),
  })
  const lines: string[] = []
  const trace: string[] = []
  const log = (_: Nanos, node: string, text: string) => void lines.push(`${node}: ${text}`)
  return outsidePromises(() => {
    const cluster = createServiceCluster(service, {
      ...{ nodes, seed, initial: null, log, functions: ['read', 'write'], keepsPackages: options.keepsPackages },
      longestMs: longestMs === undefined ? undefined : millis(longestMs),
      trace: (text) => trace.push(text),
    })
    try {
      if (meanwhile !== undefined) {
        cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
        meanwhile(cluster)
      }
      cluster.run(() => false, { events: 100_000, durationMs: millis(forMs) })
      const [broken, unmet] = [cluster.broken?.() ?? cluster.brokenAtRest?.(), cluster.unmet?.() ?? []]
      return { lines, trace, durationMs: cluster.clock.now() / 1e6, broken, unmet }
    } finally {
      cluster.close?.()
    }
  })
}

/** Returns a function that injects a fault for `forMs` of virtual time. */
export const injectedFor =
  (fault: Fault, forMs: number) =>
  ({ inject, clock }: SimulatedCluster): void =>
    inject(fault, (outcome) => {
      const heal = () => outcome.type === 'injected' && outcome.heal(() => {})
      clock.at(nanos(clock.now() + forMs * 1e6), heal)
    })

/** Checks that a cut of 500 ms delayed requests (`hold`) or broke them (`drop`), and that the last one succeeded. */
export function expectCut(lines: readonly string[], mode: 'hold' | 'drop'): void {
  const late = lines.map((line) => Number(/^n1: 1 (\d+)/.exec(line)?.[1] ?? 0)).filter((ms) => ms > 300)
  if (mode === 'hold') expect(late.length).toBeGreaterThan(0)
  else expect(lines).toContain('n1: ECONNRESET')
  expect(lines.at(-1)).toMatch(/: 1 /)
}

/** Returns a program that serves HTTP and also runs `body`. */
export const serving = (body: string): string => `
import { createServer } from 'node:http'
createServer((request, response) => response.end('{"value":1}')).listen(process.env['PORT'])
${body}
`
