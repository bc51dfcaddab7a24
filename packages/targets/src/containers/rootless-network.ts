import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UserError } from '@chaosproxy/history'
import type { Keeper } from '../command/keeper.ts'
import { lastLines } from '../command/log-tail.ts'
import { runToEnd } from '../command/run-to-end.ts'

export interface HeldNetworkOptions {
  /** A network that the containers are in. */
  readonly network: string
  readonly logDir: string
  readonly keeper: Keeper
}

const WITHIN_MS = 30_000

/**
 * Podman takes the network of rootless containers away with the last of them that ends, and this process is in it. A
 * container that only sleeps, of programs of this machine, keeps it until the returned function is called.
 *
 * @throws UserError (environment) if it does not start.
 */
export async function holdRootlessNetwork({
  network,
  logDir,
  keeper,
}: HeldNetworkOptions): Promise<() => Promise<void>> {
  const name = `chaos-holds-${process.pid}`
  const root = resolve(logDir, name)
  mkdirSync(root)
  keeper.removeLater(root)
  const logPath = join(logDir, 'network.log')
  const remove = { words: ['podman', 'rm', '--force', '--time', '0', name] } as const
  const forget = keeper.undoLater(remove, { timeoutMs: WITHIN_MS })
  const run = (words: readonly [string, ...string[]]) =>
    runToEnd({ name, command: { words }, keeper, logPath, timeoutMs: WITHIN_MS, forks: false })
  const mounts = PROGRAMS.flatMap((path) => ['--volume', `${path}:${path}:ro`])
  const { code } = await run([
    ...(['podman', 'run', '--detach', '--name', name, '--network', network] as const),
    ...[...mounts, '--rootfs', root, '/usr/bin/sleep', 'infinity'],
  ])
  const letGo = async () => {
    await run(remove.words)
    rmSync(root, { recursive: true, force: true })
    forget()
  }
  if (code === 0) return letGo
  await letGo()
  throw new UserError(
    'environment',
    `the network of rootless containers cannot be kept (podman run: exit code ${code}). ${lastLines(logPath)}\nIts log is ${logPath}`,
  )
}

/** Of Debian and Fedora alike. */
const PROGRAMS = ['/usr', '/lib', '/lib64'] as const
