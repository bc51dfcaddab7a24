import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentError } from '@chaosproxy/history'
import type { ContainersDeclaration } from '../cluster/declaration.ts'
import { lastLines } from '../command/log-tail.ts'
import { runToEnd } from '../command/run-to-end.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'
import { writeOverride } from './override.ts'
import { isRootless } from './rights.ts'

// Disks of containers that faults can fill: file systems in this machine's memory, so that nothing else is affected.
// A killed container keeps what it wrote, as on a disk. Containers do not see the file that fills the disk.

export interface OwnDisks {
  /** The path of a Compose file with the disks, to be read after the project's own file. */
  readonly override: string
  directoryOf(service: string): string
  /** Unmounts the disks, which no process may have open any more. */
  remove(): Promise<void>
}

interface OwnDisksOptions {
  readonly where: string
  readonly disk: NonNullable<ContainersDeclaration['disk']>
  readonly services: readonly string[]
  readonly keeper: Keeper
  readonly logPath: string
}

const DEFAULT_MEGABYTES = 64
const WITHIN_MS = 10_000

/** @throws UserError (environment) if this machine allows no mounts. */
export async function openOwnDisks({ where, disk, services, keeper, logPath }: OwnDisksOptions): Promise<OwnDisks> {
  if (isRootless())
    throw environmentError(
      `${where}: disk: a rootless engine does not see disks mounted by chaos. Use a root engine, or leave out "disk".`,
    )
  const directory = mkdtempSync(join(tmpdir(), 'chaos-disks-'))
  const forget = keeper.undoLater(removing(directory), { timeoutMs: WITHIN_MS })
  const run = (command: ProgramCommand) =>
    runToEnd({ name: where, command, keeper, logPath, timeoutMs: WITHIN_MS, forks: false })
  const directoryOf = (service: string) => join(directory, service)
  async function remove(): Promise<void> {
    await run(removing(directory))
    forget()
  }
  for (const service of services) {
    mkdirSync(directoryOf(service))
    const { code } = await run({
      words: [
        'mount',
        '-t',
        'tmpfs',
        '-o',
        `size=${disk.megabytes ?? DEFAULT_MEGABYTES}m,mode=0755`,
        'chaos-disk',
        directoryOf(service),
      ],
    })
    if (code !== 0) {
      await remove()
      throw environmentError(
        `${where}: disk: mounting requires root, and failed here (exit code ${code}). ${lastLines(logPath)}`,
      )
    }
    mkdirSync(seenIn(directoryOf(service)))
    // The service may run as any user, so every user may write.
    chmodSync(seenIn(directoryOf(service)), 0o1777)
  }
  const override = writeOverride(directory, services, (service) => ({
    volumes: [`${seenIn(directoryOf(service))}:${disk.path}`],
  }))
  return { override, directoryOf, remove }
}

const seenIn = (directory: string): string => join(directory, 'data')

const removing = (directory: string): ProgramCommand => ({
  words: [
    ...(['sh', '-c'] as const),
    'for each in "$1"/*/; do umount -l "$each"; done; rm -rf --one-file-system "$1"',
    ...['disks', directory],
  ],
})

interface Filled {
  readonly engine: string
  readonly name: string
  readonly disk: string
}

export const filling = ({ disk }: Filled): ProgramCommand => ({
  words: ['sh', '-c', 'dd if=/dev/zero "of=$1/ballast" bs=4096 2>/dev/null; [ -e "$1/ballast" ]', 'disk', disk],
})

export const makingRoom = ({ disk }: Filled): ProgramCommand => ({ words: ['rm', '-f', join(disk, 'ballast')] })

/** Returns a command for the keeper. The command frees the disk, and starts the container if it has exited. */
export const makingRoomLast = ({ engine, name, disk }: Filled): ProgramCommand => ({
  words: ['sh', '-c', 'rm -f "$3/ballast"; exec "$1" start "$2"', 'disk', engine, name, disk],
})
