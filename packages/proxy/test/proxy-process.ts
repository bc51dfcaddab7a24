import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TcpFault } from '@chaosproxy/faults'
import { cleanUp } from '../../testing/src/sockets.ts'

// A proxy in its own process. Tests can kill it, and can measure its memory apart from their own. It runs the built
// package.

const DIST = new URL('../dist/index.js', import.meta.url).href

const PROGRAM = `
import { readdirSync } from 'node:fs'
const { createNetwork } = await import(process.argv[1])
const network = createNetwork({ seed: process.argv[2] })
const faults = new Map()
let unhandled = 0
process.on('unhandledRejection', () => unhandled++)
const doings = {
  async route({ name, port }) {
    const route = await network.route({ from: 'clients', to: name, upstream: { host: '127.0.0.1', port } })
    return { port: route.port }
  },
  apply({ number, fault }) {
    faults.set(number, network.apply(fault))
    return {}
  },
  remove({ number }) {
    const { hits } = faults.get(number)
    faults.get(number).remove()
    faults.delete(number)
    return { hits }
  },
  usage() {
    gc()
    const connections = [...network.statistics().values()].reduce((sum, link) => sum + link.liveConnections, 0) / 2
    const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
    return { residentBytes: process.memoryUsage().rss, descriptors, connections, unhandled }
  },
}
process.on('message', async ({ id, what, ...request }) => process.send({ id, answer: await doings[what](request) }))
// However the test ended.
process.on('disconnect', () => process.exit())
process.send({ id: 0 })
`

export interface ProxyUsage {
  readonly residentBytes: number
  /** The number of open file descriptors; 0 if the system does not report it. */
  readonly descriptors: number
  readonly connections: number
  readonly unhandled: number
}

export interface ProxyProcess {
  readonly child: ChildProcess
  route(name: string, upstream: { readonly port: number }): Promise<{ host: string; port: number }>
  /** Applies a fault. The returned function removes the fault, and returns how often the fault hit. */
  apply(fault: TcpFault): Promise<() => Promise<number>>
  usage(): Promise<ProxyUsage>
}

export async function startProxyProcess(seed: number): Promise<ProxyProcess> {
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', PROGRAM, DIST, String(seed)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  cleanUp(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the proxy's process ended with code ${code}; is the package built?`)
  })
  // Ignore this error: tests later kill the process on purpose.
  ended.catch(() => undefined)
  await Promise.race([once(child, 'message'), ended])
  const waiting: Map<number, (answer: unknown) => void> = new Map()
  let asked = 0
  child.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  function ask<Answer>(what: string, request: object = {}): Promise<Answer> {
    asked++
    const id = asked
    return new Promise((resolve) => {
      waiting.set(id, resolve as (answer: unknown) => void)
      child.send({ ...request, id, what })
    })
  }
  let faults = 0
  return {
    child,
    async route(name, { port }) {
      const answer = await ask<{ port: number }>('route', { name, port })
      return { host: '127.0.0.1', port: answer.port }
    },
    async apply(fault) {
      faults++
      const number = faults
      await ask('apply', { fault, number })
      return async () => (await ask<{ hits: number }>('remove', { number })).hits
    },
    usage: () => ask<ProxyUsage>('usage'),
  }
}
