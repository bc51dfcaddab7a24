import { mkdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { environmentError } from '@chaosproxy/history'
import { endOfLog } from '../command/log-tail.ts'
import { runToEnd } from '../command/run-to-end.ts'
import type { Keeper } from '../keeper/keeper.ts'
import { ownerOfLabel, ownLabel } from './address-owner.ts'
import { askEngine } from './engine.ts'

interface HeldNetworkOptions {
  readonly network: string
  readonly logDir: string
  readonly keeper: Keeper
}

const WITHIN_MS = 30_000
/**
 * The labels of a container that holds the network: the process that started the container, and the container's root
 * directory.
 */
const OWNER = 'chaosproxy.owner'
const ROOT = 'chaosproxy.root'

/**
 * Keeps the network of rootless containers, in which this process runs, until the returned function is called. Podman
 * would otherwise remove the network together with its last container. A container that only sleeps prevents that. If
 * this process and its keeper are killed, the next call in another process removes that container.
 *
 * @throws UserError (environment) if the container does not start.
 */
export async function holdRootlessNetwork({
  network,
  logDir,
  keeper,
}: HeldNetworkOptions): Promise<() => Promise<void>> {
  await removeAbandoned()
  const name = `chaos-holds-${process.pid}`
  const root = resolve(logDir, name)
  mkdirSync(root)
  keeper.removeLater(root)
  const logPath = join(logDir, 'network.log')
  const remove = { words: ['podman', ...removing(name)] } as const
  const forget = keeper.undoLater(remove, { timeoutMs: WITHIN_MS })
  const run = (words: readonly [string, ...string[]]) =>
    runToEnd({ name, command: { words }, keeper, logPath, timeoutMs: WITHIN_MS, forks: false })
  const mounts = PROGRAMS.flatMap((path) => ['--volume', `${path}:${path}:ro`])
  const { code } = await run([
    ...(['podman', 'run', '--detach', '--name', name, '--network', network] as const),
    ...['--label', `${OWNER}=${ownLabel()}`, '--label', `${ROOT}=${root}`],
    ...[...mounts, '--rootfs', root, '/usr/bin/sleep', 'infinity'],
  ])
  const letGo = async () => {
    await run(remove.words)
    rmSync(root, { recursive: true, force: true })
    forget()
  }
  if (code === 0) return letGo
  await letGo()
  throw environmentError(
    `chaos cannot keep open the network of rootless containers (podman run: exit code ${code}). ${endOfLog(logPath)}`,
  )
}

const removing = (name: string) => ['rm', '--force', '--time', '0', name] as const

/** Removes the containers that hold the network for a process that was killed together with its keeper. */
async function removeAbandoned(): Promise<void> {
  const format = `{{.Names}}\t{{index .Labels "${OWNER}"}}\t{{index .Labels "${ROOT}"}}`
  // The error is ignored: if podman cannot list containers, it cannot run one either, and the error of that attempt
  // gives the reason.
  const listed = await askEngine('podman', ['ps', '--all', '--filter', `label=${OWNER}`, '--format', format]).catch(
    () => '',
  )
  for (const line of listed.trim().split('\n')) {
    const [name = '', label = '', root = ''] = line.split('\t')
    if (ownerOfLabel(label)?.lives !== false) continue
    await askEngine('podman', removing(name)).catch(() => undefined)
    // Anybody can write a label, so only a directory with this name is removed.
    if (/^chaos-holds-\d+$/.test(basename(root))) rmSync(root, { recursive: true, force: true })
  }
}

/** Directories of programs, the same on Debian and Fedora. */
const PROGRAMS = ['/usr', '/lib', '/lib64'] as const
