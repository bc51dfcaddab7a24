import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { millis, type Nanos } from '@chaosproxy/history'
import { createServiceCluster, loadService, outsidePromises } from '@chaosproxy/node-simulator'
import type { SimulatedCluster } from '@chaosproxy/simulator'
import { afterAll } from 'vitest'

const ROUTES = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.value' },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value' },
    { request: 'POST /kv/{key}', f: 'cas', value: ['json.from', 'json.to'], outcomes: { '409': 'fail' } },
  ],
}

type Written = { readonly program: string; readonly routes: string }

/** A program is bundled once, however often a file's tests run it. */
const files = new Map<string, Written>()
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** The files of a program, and its route table, in a folder of their own. */
export function written(program: string, name = 'server.ts'): Written {
  const found = files.get(name + program) ?? newlyWritten(program, name)
  files.set(name + program, found)
  return found
}

function newlyWritten(program: string, name: string): Written {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-nodesim-'))
  folders.push(folder)
  const [file, routes] = [join(folder, name), join(folder, 'routes.json')]
  // Packages of this repository's own tests, as a user's would be installed beside the program.
  symlinkSync(join(import.meta.dirname, '..', '..', '..', 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(file, program)
  writeFileSync(routes, JSON.stringify(ROUTES))
  return { program: file, routes }
}

export interface Ran {
  /** What programs wrote, each line with its node. */
  readonly lines: readonly string[]
  /** Everything that happened. */
  readonly trace: readonly string[]
  readonly durationMs: number
  /** The assertion that the run broke, or how a program ended. */
  readonly broken: ReturnType<NonNullable<SimulatedCluster['broken']>>
  /** Assertions that some run is to meet, and this one has not. */
  readonly unmet: readonly string[]
}

interface Options {
  readonly nodes?: number
  readonly seed?: number
  readonly losesPower?: boolean
  readonly redis?: 'simulated'
  readonly environment?: { readonly [name: string]: string }
  /** Virtual time. */
  readonly forMs?: number
  /** What to do once every node listens. */
  readonly meanwhile?: (cluster: SimulatedCluster) => void
}

/** Runs a program on one node, or more, for a second of virtual time. */
export async function ran(program: string, options: Options = {}): Promise<Ran> {
  const { nodes = 1, seed = 1, environment, forMs = 1_000, meanwhile, losesPower, redis } = options
  const service = await loadService({ ...written(program), environment, losesPower, redis })
  const lines: string[] = []
  const trace: string[] = []
  const log = (_: Nanos, node: string, text: string) => void lines.push(`${node}: ${text}`)
  return outsidePromises(() => {
    const cluster = createServiceCluster(service, {
      ...{ nodes, seed, initial: null, log },
      trace: (text) => trace.push(text),
    })
    try {
      if (meanwhile !== undefined) {
        cluster.run(() => cluster.isReady(), { events: 100_000, durationMs: millis(5_000) })
        meanwhile(cluster)
      }
      cluster.run(() => false, { events: 100_000, durationMs: millis(forMs) })
      const [broken, unmet] = [cluster.broken?.(), cluster.unmet?.() ?? []]
      return { lines, trace, durationMs: cluster.clock.now() / 1e6, broken, unmet }
    } finally {
      cluster.close?.()
    }
  })
}

/** A program that serves, and does this besides. */
export const serving = (body: string): string => `
import { createServer } from 'node:http'
createServer((request, response) => response.end('{"value":1}')).listen(process.env['PORT'])
${body}
`
