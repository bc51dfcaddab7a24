import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LONGEST_START_MS = 10_000

/** Starts a Redis server that saves nothing to disk. Resolves once the server listens. */
export async function startRedisServer(): Promise<{
  readonly port: number
  readonly pid: number | undefined
  stop(): void
}> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  const port = await freePort()
  const server = spawn('redis-server', ['--port', `${port}`, '--save', '', '--dir', directory], { stdio: 'ignore' })
  await untilListening(port)
  return {
    port,
    pid: server.pid,
    stop() {
      server.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function untilListening(port: number): Promise<void> {
  const deadlineMs = performance.now() + LONGEST_START_MS
  while (!(await accepts(port))) {
    if (performance.now() > deadlineMs) throw new Error('redis-server does not listen')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const taken = createServer().listen(0, '127.0.0.1', () => {
      const address = taken.address()
      taken.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
