import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentError } from '@chaosproxy/history'
import type { Keeper } from '../keeper/keeper.ts'
import { makeTemporary } from '../keeper/temporary.ts'
import type { Handover } from '../network/node-harms.ts'
import { isLoaded } from '../preload/fault-injector.ts'
import type { Member } from './members.ts'
import { writeOverride } from './override.ts'

// Clocks of containers that faults can move. All containers share the kernel's clock, so libfaketime is preloaded
// between a program and its C library, and reads the wall clock's offset from a file. The monotonic clock is
// unaffected, as on real machines.

export interface OwnClocks {
  /** The path of a Compose file that gives each service its clock. Compose reads it after the project's own file. */
  readonly override: string
  of(service: string): OwnClock
  /** @throws UserError (environment) for a program that reads the time from the kernel without its C library. */
  requireRead(members: readonly Member[]): void
  remove(): void
}

export interface OwnClock {
  /** Moves the clock, and then lets it drift. The effects of simultaneous faults add up. */
  move(fault: { readonly offsetMs: number; readonly driftPpm: number }): Handover
}

interface OwnClocksOptions {
  readonly where: string
  readonly services: readonly string[]
  readonly keeper: Keeper
}

/** The directory in every container that contains the library and `FILE`. The library reads the offset from `FILE`. */
const PLACE = '/chaos-clock'
const LIBRARY = 'libfaketimeMT.so.1'
const FILE = 'now'
/** The time between the small jumps of a drift. */
const STEP_MS = 50

export const WITHOUT_LIBRARY = 'Install it (apt-get install libfaketime), or leave out "clocks".'

/** @throws UserError (environment) if libfaketime is not installed. */
export function openOwnClocks({ where, services, keeper }: OwnClocksOptions): OwnClocks {
  const library = findLibrary()
  if (library === undefined)
    throw environmentError(`${where}: clocks: ${LIBRARY} is not installed here. ${WITHOUT_LIBRARY}`)
  const directory = makeTemporary(keeper, 'chaos-clocks-')
  const clocks = new Map(
    services.map((service) => {
      const place = join(directory, service)
      mkdirSync(place)
      copyFileSync(library, join(place, LIBRARY))
      // The service may run as any user, and must read the directory.
      chmodSync(place, 0o755)
      return [service, createClock(join(place, FILE))]
    }),
  )
  const override = writeOverride(directory, services, (service) => ({
    volumes: [`${join(directory, service)}:${PLACE}`],
    environment: READING,
  }))
  return {
    override,
    of(service) {
      const clock = clocks.get(service)
      if (clock === undefined) throw new Error(`${service} has no clock of its own`)
      return clock
    },
    requireRead(members) {
      const blind = members.find(({ container: { pid } }) => !isLoaded(pid, [`/${LIBRARY}`]))
      if (blind === undefined) return
      throw environmentError(
        `${where}: clocks: the clock of ${blind.endpoint} (${blind.container.name}) cannot be moved: its program does not read the time from glibc. This applies to programs in Go and images without glibc. Leave out "clocks".`,
      )
    },
    remove() {
      // A run may end during a fault, so each clock must stop before its file is removed.
      for (const clock of clocks.values()) clock.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Returns the path of this machine's libfaketime. Debian has a directory for each architecture. */
export function findLibrary(): string | undefined {
  const debian = existsSync('/usr/lib') ? readdirSync('/usr/lib').map((kind) => join('/usr/lib', kind)) : []
  return [...debian, '/usr/lib', '/usr/lib64', '/usr/local/lib']
    .map((folder) => join(folder, 'faketime', LIBRARY))
    .find(existsSync)
}

const READING = {
  LD_PRELOAD: `${PLACE}/${LIBRARY}`,
  FAKETIME_TIMESTAMP_FILE: `${PLACE}/${FILE}`,
  // The library reads the file whenever a program asks for the time.
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  NO_FAKE_STAT: '1',
} as const

function createClock(file: string): OwnClock & { readonly stop: () => void } {
  const moves = new Set<() => number>()
  const stepping = new Set<NodeJS.Timeout>()
  let isStopped = false
  function set(): void {
    if (isStopped) return
    const offMs = [...moves].reduce((sum, off) => sum + off(), 0)
    // The file is replaced atomically, since a program may read it at any time. libfaketime reads an offset in seconds
    // with a sign.
    writeFileSync(`${file}.next`, `${offMs < 0 ? '-' : '+'}${(Math.abs(offMs) / 1000).toFixed(3)}\n`)
    renameSync(`${file}.next`, file)
  }
  set()
  return {
    move({ offsetMs, driftPpm }) {
      const startedAt = performance.now()
      const off = () => offsetMs + ((performance.now() - startedAt) * driftPpm) / 1e6
      moves.add(off)
      set()
      const steps = driftPpm === 0 ? undefined : setInterval(set, STEP_MS).unref()
      if (steps !== undefined) stepping.add(steps)
      return {
        done: true,
        async undo() {
          moves.delete(off)
          clearInterval(steps)
          set()
        },
      }
    },
    stop() {
      isStopped = true
      for (const steps of stepping) clearInterval(steps)
    },
  }
}
