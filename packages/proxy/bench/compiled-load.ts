import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Load } from './load.ts'

/** The echo server and the clients of load.c, compiled on this machine. */
export interface CompiledLoad {
  /** The port of the echo server. */
  readonly port: number
  load(request: CompiledRequest): Promise<Load>
  stop(): void
}

export interface CompiledRequest {
  readonly role: 'round-trips' | 'connects'
  readonly port: number
  readonly connections: number
  readonly durationMs: number
}

/** This file runs from node_modules/.cache/bench, which contains only compiled TypeScript. */
const SOURCE = fileURLToPath(new URL('../../../../../../packages/proxy/bench/load.c', import.meta.url))

const run = promisify(execFile)

/** Returns the reason if load.c cannot be compiled. */
export async function startCompiledLoad(): Promise<CompiledLoad | { readonly why: string }> {
  if (process.platform !== 'linux') return { why: 'load.c needs Linux' }
  const directory = mkdtempSync(join(tmpdir(), 'chaos-load-'))
  const program = join(directory, 'load')
  const forget = () => rmSync(directory, { recursive: true })
  try {
    await run('cc', ['-O2', '-o', program, SOURCE])
  } catch (error) {
    forget()
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return { why: isMissing ? 'no C compiler (cc) is installed' : `cc failed: ${String(error)}` }
  }
  // The server ends when its standard input closes, so it ends even if this process is killed.
  const server: ChildProcess = spawn(program, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] })
  return {
    port: await portOf(server),
    async load({ role, port, connections, durationMs }) {
      const { stdout } = await run(program, [role, String(port), String(connections), String(durationMs / 1000)])
      const { failed, ...load } = JSON.parse(stdout) as Load & { readonly failed: number }
      if (failed > 0) throw new Error(`${failed} of the ${role} to port ${port} failed`)
      return load
    },
    stop() {
      server.kill()
      forget()
    },
  }
}

async function portOf(server: ChildProcess): Promise<number> {
  if (server.stdout === null) throw new TypeError('its output is a pipe')
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
  return (JSON.parse(line) as { readonly port: number }).port
}
