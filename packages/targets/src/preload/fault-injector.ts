import { appendFileSync, readFileSync, realpathSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { type FaultOfKind, isMachineFault, type NodeId } from '@chaosproxy/faults'
import { environmentError } from '@chaosproxy/history'
import type { SupervisedNode } from '../command/supervised-node.ts'
import type { Handover, Victim } from '../network/node-harms.ts'
import type { Machine } from './machine.ts'
import type { Cut, Unsynced } from './power.ts'

type Node = Pick<SupervisedNode, 'id' | 'kill' | 'revive' | 'expectEnd' | 'damage'>

interface Telling {
  readonly logPath: string
  note(text: string): void
}

export function faultInjectorOf(
  node: Node,
  machine: Machine,
  { logPath, note }: Telling,
): NonNullable<Victim['injectFault']> {
  async function cutPower(unsynced: Unsynced): Promise<Handover> {
    const done = await node.kill()
    const cuts = machine.losePower(unsynced)
    appendFileSync(logPath, logOf(node.id, cuts))
    return { done, undo: () => node.revive() }
  }
  async function flipBit(fault: FaultOfKind<'flip-bit'>): Promise<Handover> {
    await node.kill()
    const flip = machine.flipBit(fault)
    if (flip !== undefined) {
      const { path, offset, before, after } = flip
      note(`a bit of ${path} was flipped at ${node.id}: byte ${offset} changed from ${before} to ${after}`)
      appendFileSync(
        logPath,
        `chaos: a bit of ${path} was flipped: byte ${offset} changed from ${before} to ${after}\n`,
      )
      node.damage(note)
    }
    return { done: flip !== undefined, undo: () => node.revive() }
  }
  return async (fault) => {
    if (!isMachineFault(fault)) throw new Error(`${fault.kind} needs a container engine`)
    if (fault.kind === 'power-loss') return cutPower(fault.unsynced)
    if (fault.kind === 'flip-bit') return flipBit(fault)
    const active = machine.injectFault(fault)
    // The server may end because of its disk, and is restarted once the disk works.
    node.expectEnd()
    return {
      get done() {
        return active.hits() > 0
      },
      undo() {
        active.undo()
        return node.revive()
      },
    }
  }
}

function logOf(id: NodeId, cuts: readonly Cut[]): string {
  const lines = cuts.map(
    ({ path, before, after }) =>
      `  ${path}: ${before === after ? 'changes in place' : `${before - after} of ${before} bytes`}`,
  )
  const what = lines.length === 0 ? 'nothing: all was fsynced' : `what was not fsynced\n${lines.join('\n')}`
  return `chaos: the power of ${id} was cut, which took ${what}\n`
}

const LOADED_WITHIN_MS = 3_000
const LOOK_EVERY_MS = 20

/** All programs written in Go contain this mark. Go calls the kernel without the C library. */
const GO = Buffer.from('\xff Go buildinf:', 'latin1')

/**
 * Checks that faults of a node's machine affect all programs of the node.
 *
 * @throws UserError (environment) if the faults do not affect one of the programs.
 */
export async function requireOn(id: NodeId, pids: () => readonly number[], { below, disk }: Machine): Promise<void> {
  if (below.by === 'nothing') return
  const isOn =
    below.by === 'layer'
      ? (pid: number) => isMounted(pid, realpathSync(disk))
      : (pid: number) => isLoaded(pid, below.paths)
  let blind: number | undefined
  // A process that has just begun has not loaded the libraries yet.
  for (const deadline = performance.now() + LOADED_WITHIN_MS; ; await wait(LOOK_EVERY_MS)) {
    blind = pids().find((pid) => !isOn(pid))
    if (blind === undefined) return
    if (performance.now() > deadline) break
  }
  const why =
    below.by === 'layer'
      ? 'does not see the file system that was mounted for it'
      : 'makes its system calls without the C library, as programs in Go and static ones do'
  throw environmentError(
    `${id} cannot suffer faults of its disk and clock: ${programOf(blind)} ${why}. Leave out power-loss, slow-fsync, fail-fsync, freeze-disk, fill-disk and clock. Use kill or pause instead.`,
  )
}

function isMounted(pid: number, disk: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/mounts`, 'utf8').includes(`chaos-disk ${disk} `)
  } catch {
    return true // it has ended
  }
}

/**
 * Reports whether a process has loaded the libraries and is not a program in Go, which would call the kernel without
 * them. Returns true if the process has ended.
 */
export function isLoaded(pid: number, libraries: readonly string[]): boolean {
  try {
    const maps = readFileSync(`/proc/${pid}/maps`, 'utf8')
    return libraries.every((path) => maps.includes(path)) && !readFileSync(`/proc/${pid}/exe`).includes(GO)
  } catch {
    return true // the process has ended, or belongs to another user
  }
}

function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return 'a program'
  }
}
