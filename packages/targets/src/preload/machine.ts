import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultOfKind, MachineFault, Random } from '@chaosproxy/faults'
import type { ProgramCommand } from '../processes/command.ts'
import type { Clock } from './clock.ts'
import type { Control, Counter } from './control.ts'
import { type Flip, flipBit } from './flip.ts'
import { type Cut, losePower, settleDisk, type Unsynced } from './power.ts'

export interface Machine {
  readonly disk: string
  readonly below: Below
  under(command: ProgramCommand): ProgramCommand
  /** Removes unsynced changes from the disk. Call only while no program runs. */
  losePower(unsynced: Unsynced): readonly Cut[]
  /** Flips a bit of the disk. Returns undefined if the fault selects no byte. Call only while no program runs. */
  flipBit(fault: FaultOfKind<'flip-bit'>): Flip | undefined
  /** Treats everything on the disk as fsynced. Call only while programs are stopped. */
  settle(): void
  /** Injects a fault until its `undo` is called. `hits` returns how often programs have met the fault so far. */
  injectFault(fault: Exclude<MachineFault, { readonly kind: AtRest }>): ActiveFault
}

type AtRest = 'power-loss' | 'flip-bit'

/** The layer between programs and their disk and clock: libraries, or a file system that `layer` mounts. */
export type Below =
  | { readonly by: 'nothing' }
  | { readonly by: 'libraries'; readonly paths: readonly string[] }
  | { readonly by: 'layer'; readonly path: string }

/** The kind of layer between programs and their disk and clock. */
export type Between = Exclude<Below['by'], 'nothing'>

interface ActiveFault {
  undo(): void
  hits(): number
}

export interface MachineParts {
  readonly own: string
  readonly disk: string
  readonly below: Below
  readonly control: Control
  readonly clock: Clock
}

export function machineOf({ own, disk, below, control, clock }: MachineParts, random: Random): Machine {
  const standing = {
    'slow-fsync': [] as number[],
    'fail-fsync': [] as number[],
    'freeze-disk': [] as number[],
    'fill-disk': [] as number[],
  }
  /** Of overlapping faults, the greatest delay counts. */
  const settle = () => {
    control.set('syncDelayUs', Math.max(0, ...standing['slow-fsync']) * 1000)
    control.set('syncFails', standing['fail-fsync'].length)
    control.set('diskFrozen', standing['freeze-disk'].length)
    control.set('diskFull', standing['fill-disk'].length)
  }
  return {
    disk,
    below,
    under: (command) => onMachine(command, { own, disk, below }),
    losePower: (unsynced) => losePower({ disk: realpathSync(disk), undo: join(own, 'undo'), unsynced, random }),
    flipBit: (fault) => flipBit(realpathSync(disk), fault),
    settle: () => settleDisk({ disk: realpathSync(disk), undo: join(own, 'undo') }),
    injectFault(fault) {
      const counter = COUNTERS[fault.kind]
      const before = control.count(counter)
      const hits = () => control.count(counter) - before
      if (fault.kind === 'clock') return { undo: clock.move(fault), hits }
      const each = fault.kind === 'slow-fsync' ? fault.delayMs : 1
      const list = standing[fault.kind]
      list.push(each)
      settle()
      return {
        undo() {
          list.splice(list.indexOf(each), 1)
          settle()
        },
        hits,
      }
    },
  }
}

function onMachine(
  command: ProgramCommand,
  { own, disk, below }: Omit<MachineParts, 'control' | 'clock'>,
): ProgramCommand {
  const environment = { ...command.environment, CHAOS_MACHINE: own }
  switch (below.by) {
    case 'nothing':
      return command
    case 'layer':
      return { ...command, words: [below.path, realpathSync(disk), ...command.words], environment }
    case 'libraries': {
      const preloaded = command.environment?.['LD_PRELOAD']
      return {
        ...command,
        environment: {
          ...environment,
          LD_PRELOAD: [...below.paths, ...(preloaded ? [preloaded] : [])].join(':'),
          CHAOS_DISK: realpathSync(disk),
          // Disables io_uring in libuv: asynchronous writes through io_uring bypass the preloaded library.
          UV_USE_IO_URING: '0',
        },
      }
    }
  }
}

const COUNTERS: { readonly [kind in Exclude<MachineFault['kind'], AtRest>]: Counter } = {
  'slow-fsync': 'syncsHit',
  'fail-fsync': 'syncsHit',
  'freeze-disk': 'changesHeld',
  'fill-disk': 'writesRefused',
  clock: 'clockReads',
}
