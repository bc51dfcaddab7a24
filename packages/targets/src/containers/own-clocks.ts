import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '@chaosproxy/history'
import type { Keeper } from '../keeper/keeper.ts'
import type { Handover } from '../network/node-harms.ts'
import type { Member } from './members.ts'
import { writeOverride } from './override.ts'

// Clocks of containers that may be moved. Their kernel has one clock for all, so libfaketime stands between a program and its
// C library: it reads from a file how far the wall clock is off. The monotonic clock is never off, as on real machines.

export interface OwnClocks {
  /** A Compose file that gives each service its clock, to be read after the project's own. */
  readonly override: string
  of(service: string): OwnClock
  /** @throws UserError (environment) for a program that asks the kernel for the time without its C library. */
  requireRead(members: readonly Member[]): void
  remove(): void
}

export interface OwnClock {
  /** Makes it jump, then run too fast or too slow, besides whatever else moves it. Undone, it is right again. */
  move(fault: { readonly offsetMs: number; readonly driftPpm: number }): Handover
}

interface OwnClocksOptions {
  readonly where: string
  readonly services: readonly string[]
  readonly keeper: Keeper
}

/** Where the library and its file are in every container. */
const PLACE = '/chaos-clock'
const LIBRARY = 'libfaketimeMT.so.1'
const FILE = 'now'
/** A drift is many small jumps. */
const STEP_MS = 50

/** What to do where it is not installed. */
export const WITHOUT_LIBRARY = 'Install it (apt-get install libfaketime), or leave out "clocks".'

/** @throws UserError (environment) where libfaketime is not installed. */
export function openOwnClocks({ where, services, keeper }: OwnClocksOptions): OwnClocks {
  const library = findLibrary()
  if (library === undefined)
    throw new UserError('environment', `${where}: clocks: there is no ${LIBRARY} here. ${WITHOUT_LIBRARY}`)
  const directory = mkdtempSync(join(tmpdir(), 'chaos-clocks-'))
  keeper.removeLater(directory)
  const clocks = new Map(
    services.map((service) => {
      const place = join(directory, service)
      mkdirSync(place)
      copyFileSync(library, join(place, LIBRARY))
      // Whoever the service runs as.
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
      const blind = members.find(({ container: { pid } }) => !readsIt(pid))
      if (blind === undefined) return
      throw new UserError(
        'environment',
        `${where}: clocks: the clock of ${blind.endpoint} (${blind.container.name}) cannot be moved: its program does not ask a C library of this machine's kind for the time, as programs in Go and images without glibc do. Leave out "clocks".`,
      )
    },
    remove() {
      // A run may end in the middle of a fault, and nothing is to write there any more.
      for (const clock of clocks.values()) clock.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** libfaketime of this machine. Debian has it in a directory for each kind of processor, others in one of these. */
export function findLibrary(): string | undefined {
  const debian = existsSync('/usr/lib') ? readdirSync('/usr/lib').map((kind) => join('/usr/lib', kind)) : []
  return [...debian, '/usr/lib', '/usr/lib64', '/usr/local/lib']
    .map((folder) => join(folder, 'faketime', LIBRARY))
    .find(existsSync)
}

/** How a program is made to read its clock. */
const READING = {
  LD_PRELOAD: `${PLACE}/${LIBRARY}`,
  FAKETIME_TIMESTAMP_FILE: `${PLACE}/${FILE}`,
  // It is looked at each time somebody asks for the time.
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
    // In one piece: it may be read at any time.
    writeFileSync(`${file}.next`, offsetText(offMs))
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

/** Seconds with a sign, as libfaketime reads an offset. */
export const offsetText = (ms: number): string => `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(3)}\n`

/** Go has its own way to the kernel, and marks its programs. */
const GO = Buffer.from('\xff Go buildinf:', 'latin1')

function readsIt(pid: number): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/maps`, 'utf8').includes(`/${LIBRARY}`) &&
      !readFileSync(`/proc/${pid}/exe`).includes(GO)
    )
  } catch {
    return true // it has ended, which is said elsewhere
  }
}
