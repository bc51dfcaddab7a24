import { chmodSync, chownSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom, type FaultKind, isMachineKind, type NodeId } from '@chaosproxy/faults'
import type { NodeMachine } from '../command/command-node.ts'
import { userToBecome } from '../command/user.ts'
import type { Keeper } from '../keeper/keeper.ts'
import { makeTemporary } from '../keeper/temporary.ts'
import type { Pausable } from '../network/starting.ts'
import { createClock } from './clock.ts'
import { openControl } from './control.ts'
import { faultInjectorOf, requireOn } from './fault-injector.ts'
import { builtLibrary, type LibraryName } from './library.ts'
import { type Below, type Between, type Machine, type MachineParts, machineOf } from './machine.ts'

// The machine under a node's programs: a disk that can lose power, be slow, fail, or be full or frozen, and a clock
// that can be wrong. A control file selects the faults. Preloaded libraries or a mounted file system inject them.

interface Machines {
  of(node: NodeId, place: Place): Machine & NodeMachine
  /** Treats everything that nodes have written as fsynced, as in a system that has run for long. */
  settle(nodes: readonly Pausable[]): Promise<void>
  notes(): readonly string[]
  close(): void
}

interface Place {
  readonly disk: string
  readonly user: string | undefined
  readonly logPath: string
}

interface MachinesOptions {
  readonly faults: readonly FaultKind[]
  readonly seed: number
  readonly keeper: Keeper
  /** What injects the faults: preloaded libraries, or a mounted file system (`layer`). By default libraries. */
  readonly by?: Between | undefined
}

function belowOf(paths: readonly string[], by: MachinesOptions['by']): Below {
  const [first] = paths
  if (first === undefined) return { by: 'nothing' }
  return by === 'layer' ? { by, path: first } : { by: 'libraries', paths }
}

/**
 * Opens the machines of a run, if its faults need any.
 *
 * @throws UserError (environment) if a library cannot be compiled.
 */
export async function openMachines({ faults, seed, keeper, by }: MachinesOptions): Promise<Machines | undefined> {
  const kinds = faults.filter(isMachineKind)
  if (kinds.length === 0) return undefined
  const names: LibraryName[] = []
  if (kinds.some((kind) => kind !== 'clock' && kind !== 'flip-bit')) names.push(by === 'layer' ? 'layer' : 'disk')
  if (kinds.includes('clock')) names.push('clock')
  const built = await Promise.all(names.map(builtLibrary))
  const directory = makeTemporary(keeper, `chaos-machines-${process.pid}-`)
  // Nodes may run as users who have no access to the directory of compiled libraries, so the libraries are copied.
  chmodSync(directory, 0o755)
  const paths = built.map((path, i) => {
    const copy = join(directory, `chaos-${names[i]}`)
    copyFileSync(path, copy)
    chmodSync(copy, 0o755)
    return copy
  })
  const below = belowOf(paths, by)
  const open: MachineParts[] = []
  const made = new Map<NodeId, Machine>()
  const notes: string[] = []
  return {
    of(node, { disk, user, logPath }) {
      const own = join(directory, node)
      mkdirSync(join(own, 'undo'), { recursive: true })
      const control = openControl(join(own, 'control'))
      const owner = user === undefined ? undefined : userToBecome(user)
      if (owner !== undefined)
        for (const path of [own, join(own, 'undo'), join(own, 'control')]) chownSync(path, owner.uid, owner.gid)
      const parts = { own, disk, below, control, clock: createClock(control) }
      open.push(parts)
      const machine = machineOf(parts, createRandom(seed).fork(`power of ${node}`))
      made.set(node, machine)
      return {
        ...machine,
        requireUnder: (pids) => requireOn(node, pids, machine),
        faultInjector: (supervised) =>
          faultInjectorOf(supervised, machine, { logPath, note: (text) => notes.push(text) }),
      }
    },
    async settle(nodes) {
      for (const node of nodes) {
        await node.pause()
        made.get(node.id)?.settle()
        await node.resume()
      }
    },
    notes: () => notes,
    close() {
      for (const { control, clock } of open) {
        clock.stop()
        control.close()
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
