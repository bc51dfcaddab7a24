import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A running HAProxy, a well-known proxy to compare with. */
export interface Haproxy {
  /**
   * The key is the port of an upstream server. The value is the port where HAProxy accepts connections to that server.
   */
  readonly ports: ReadonlyMap<number, number>
  stop(): void
}

/** Returns undefined if HAProxy is not installed. HAProxy gets one thread, like the proxy that is compared with it. */
export async function startHaproxy(upstreamPorts: readonly number[]): Promise<Haproxy | undefined> {
  if (spawnSync('haproxy', ['-v']).status !== 0) return undefined
  const ports = new Map<number, number>()
  for (const port of new Set(upstreamPorts)) ports.set(port, await freePort())
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  const file = join(directory, 'haproxy.cfg')
  const proxies = [...ports].map(
    ([upstream, port]) => `listen p${upstream}\n bind 127.0.0.1:${port}\n server s 127.0.0.1:${upstream}\n`,
  )
  writeFileSync(
    file,
    `global\n nbthread 1\n maxconn 4000\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 1m\n timeout server 1m\n${proxies.join('')}`,
  )
  const child: ChildProcess = spawn('haproxy', ['-f', file, '-db', '-q'], { stdio: 'ignore' })
  for (const port of ports.values()) await listening(port)
  return {
    ports,
    stop() {
      child.kill()
      rmSync(directory, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`haproxy does not listen on ${port}`)
}
