import { existsSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { type CommandProcess, startCommand } from '../command/command-process.ts'
import type { Keeper } from '../keeper/keeper.ts'
import { makeTemporary } from '../keeper/temporary.ts'
import { type Container, containersIn, containersOf, type EngineProgram } from './engine.ts'

// Urgent inspections of containers use the engine's socket instead of its program (`docker`, `podman`). From the start
// of a container to the opening of its links, starting this program would take longer than all other steps together.

export interface EngineSocket {
  /**
   * Inspects these containers. Removed containers are omitted.
   *
   * @throws UserError (environment)
   */
  containersOf(ids: readonly string[]): Promise<readonly Container[]>
  close(): Promise<void>
}

interface EngineSocketOptions {
  readonly engine: EngineProgram
  readonly keeper: Keeper
  readonly logDir: string
}

/**
 * Opens the engine's socket. Podman listens only once `podman system service` runs. Until then, the engine's program is
 * used.
 */
export async function openEngineSocket({ engine, keeper, logDir }: EngineSocketOptions): Promise<EngineSocket> {
  const own = engine === 'podman' ? await startPodmanService(keeper, logDir) : undefined
  const path = own?.path ?? /^unix:\/\/(.+)/.exec(process.env['DOCKER_HOST'] ?? '')?.[1] ?? '/var/run/docker.sock'
  return {
    async containersOf(ids) {
      const inspected = await Promise.all(ids.map((id) => containerAt(path, PATHS[engine](id))))
      const seen = inspected.flatMap((each) => each ?? [])
      return seen.length === ids.length ? seen : containersOf(engine, ids)
    },
    close: async () => own?.close(),
  }
}

const PATHS: { readonly [engine in EngineProgram]: (id: string) => string } = {
  docker: (id) => `/containers/${id}/json`,
  podman: (id) => `/v4.0.0/libpod/containers/${id}/json`,
}

interface PodmanService {
  readonly path: string
  close(): Promise<void>
}

async function startPodmanService(keeper: Keeper, logDir: string): Promise<PodmanService | undefined> {
  // The socket is in a temporary directory, because its path must be short, and the path of the results may be long.
  const directory = makeTemporary(keeper, 'chaos-engine-')
  const path = join(directory, 'podman.sock')
  let service: CommandProcess | undefined
  try {
    service = await startCommand({
      name: 'podman system service',
      command: { words: ['podman', 'system', 'service', '--time', '0', `unix://${path}`] },
      keeper,
      logPath: join(logDir, 'engine.log'),
    })
  } catch {
    rmSync(directory, { recursive: true, force: true })
    return undefined
  }
  return {
    path,
    async close() {
      await service.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const ANSWERS_WITHIN_MS = 2_000

function containerAt(socketPath: string, path: string): Promise<Container | undefined> {
  if (!existsSync(socketPath)) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const nothing = () => resolve(undefined)
    const request = get({ socketPath, path, timeout: ANSWERS_WITHIN_MS }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text) => {
        body += text
      })
      response.on('error', nothing)
      response.on('end', () => resolve(response.statusCode === 200 ? containerOf(body) : undefined))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', nothing)
  })
}

function containerOf(json: string): Container | undefined {
  try {
    return containersIn(`[${json}]`)[0]
  } catch {
    // The engine has an unknown version of the API, whose answers have another form.
    return undefined
  }
}
