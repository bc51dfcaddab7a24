import { closeSync, existsSync, openSync, readdirSync, readlinkSync, readSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { ContainerEvent } from './container-event.ts'

// Without a journal, podman writes its events to a file, which `podman events` reads only four times a second.

/** An event from podman's event file. `podman events` prints the same event later. */
export interface WrittenEvent extends ContainerEvent {
  /** The time of day of the event, which identifies it. */
  readonly time: string
}

const FOUND_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 50

/**
 * Reports events as podman appends them to its event file, until the returned function is called. Reports nothing
 * without this file, or after its replacement.
 */
export function watchEventFile(pid: number, happened: (event: WrittenEvent) => void): () => void {
  const deadline = performance.now() + FOUND_WITHIN_MS
  let close = () => {}
  const timer = setInterval(() => {
    const path = eventFileOf(pid)
    if (path === undefined && performance.now() < deadline) return
    clearInterval(timer)
    if (path !== undefined) close = follow(path, happened)
  }, LOOK_EVERY_MS)
  return () => {
    clearInterval(timer)
    close()
  }
}

/**
 * Standard descriptors are excluded: podman's standard error goes to a log file that may have the same name as the
 * event file.
 */
const LAST_STANDARD_FD = 2

function eventFileOf(pid: number): string | undefined {
  const directory = `/proc/${pid}/fd`
  try {
    return readdirSync(directory)
      .filter((fd) => Number(fd) > LAST_STANDARD_FD)
      .map((fd) => readlinkSync(join(directory, fd)))
      .find((path) => path.endsWith('/events.log') && existsSync(path))
  } catch {
    return undefined // the process has ended, or closed a file
  }
}

/** Calls back with each line added to the file from now on. */
export function follow(path: string, happened: (event: WrittenEvent) => void): () => void {
  const file = openSync(path, 'r')
  let offset = statSync(path).size
  let rest = ''
  const buffer = Buffer.alloc(64 * 1024)
  const read = () => {
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, offset)
      if (length === 0) return
      offset += length
      const lines = (rest + buffer.toString('utf8', 0, length)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const event = eventIn(line)
        if (event !== undefined) happened(event)
      }
    }
  }
  const watcher = watch(path, read)
  let closed = false
  return () => {
    if (closed) return
    closed = true
    watcher.close()
    closeSync(file)
  }
}

export function eventIn(line: string): WrittenEvent | undefined {
  try {
    const { ID, Status, Time, Type } = JSON.parse(line) as { readonly [member: string]: unknown }
    if (Type !== 'container' || typeof ID !== 'string' || typeof Time !== 'string') return undefined
    if (Status !== 'start' && Status !== 'died') return undefined
    return { id: ID, what: Status === 'start' ? 'start' : 'die', time: timeOfDay(Time) }
  } catch {
    return undefined // not an event of a known version
  }
}

/** Returns the time of day, which all formats of podman contain: `12:00:00.123`. */
export const timeOfDay = (text: string): string => /\d\d:\d\d:\d\d(\.\d+)?/.exec(text)?.[0] ?? ''
