import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Podman } from './podman.ts'

/** The socket of a Podman service, which tests use instead of Docker's socket. */
export interface PodmanSocket {
  readonly path: string
  readonly host: string
  end(): Promise<void>
}

export async function openPodmanSocket({ directory, programs }: Podman): Promise<PodmanSocket> {
  const path = join(directory, 'podman.sock')
  const host = `unix://${path}`
  const service = spawn(join(programs, 'podman'), ['system', 'service', '--time', '0', host], { stdio: 'ignore' })
  const ended = once(service, 'close')
  await vi.waitFor(
    () => {
      if (!existsSync(path)) throw new Error(`podman does not listen on ${path}`)
    },
    { timeout: 60_000 },
  )
  return {
    path,
    host,
    async end() {
      service.kill('SIGTERM')
      await ended
    },
  }
}
