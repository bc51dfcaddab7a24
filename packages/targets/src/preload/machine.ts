import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { MachineFault, Random } from '@chaosproxy/faults'
import type { Clock } from './clock.ts'
import type { Control, Counter } from './control.ts'
import { type Cut, losePower, type Unsynced } from './power.ts'

/** The machine of one node. */
export interface Machine {
  /** The libraries that each of its programs must have loaded. */
  readonly libraries: readonly string[]
  /** Added to the environment of its programs, which may preload something of their own. */
  environment(preloaded: string | undefined): { readonly [name: string]: string }
  /** Takes from its files what was not fsynced. Call only while none of its programs runs. */
  losePower(unsynced: Unsynced): readonly Cut[]
  /** Has an effect until it is undone. `hits` then says how often programs met it. */
  hurt(fault: Exclude<MachineFault, { readonly kind: 'power-loss' }>): Hurt
}

export interface Hurt {
  undo(): void
  hits(): number
}

/** What a machine is made of. */
export interface MachineParts {
  readonly own: string
  readonly disk: string
  readonly libraries: readonly string[]
  readonly control: Control
  readonly clock: Clock
}

export function machineOf({ own, disk, libraries, control, clock }: MachineParts, random: Random): Machine {
  const standing = { 'slow-fsync': [] as number[], 'fail-fsync': [] as number[], 'fill-disk': [] as number[] }
  /** Faults may overlap: the slowest holds. */
  const settle = () => {
    control.set('syncDelayUs', Math.max(0, ...standing['slow-fsync']) * 1000)
    control.set('syncFails', standing['fail-fsync'].length)
    control.set('diskFull', standing['fill-disk'].length)
  }
  return {
    libraries,
    environment: (preloaded) => ({
      LD_PRELOAD: [...libraries, ...(preloaded ? [preloaded] : [])].join(':'),
      CHAOS_MACHINE: own,
      CHAOS_DISK: realpathSync(disk),
      // Asynchronous writes pass by the library.
      UV_USE_IO_URING: '0',
    }),
    losePower: (unsynced) => losePower({ disk: realpathSync(disk), undo: join(own, 'undo'), unsynced, random }),
    hurt(fault) {
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

const COUNTERS: { readonly [kind in Exclude<MachineFault['kind'], 'power-loss'>]: Counter } = {
  'slow-fsync': 'syncsHit',
  'fail-fsync': 'syncsHit',
  'fill-disk': 'writesRefused',
  clock: 'clockReads',
}
