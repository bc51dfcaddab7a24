import type { MachineFault, Refusal } from '@chaosproxy/faults'
import type { Suffering } from '@chaosproxy/runner'
import { hasCompiler, WITHOUT_COMPILER } from './library.ts'
import { whyNoLayer } from './mounting.ts'

type Kind = MachineFault['kind']

/** The faults that come nearest to one of a machine that a program cannot have. */
const INSTEAD: { readonly [kind in Kind]: readonly string[] } = {
  'power-loss': ['kill'],
  'flip-bit': ['kill'],
  'slow-fsync': ['pause'],
  'fail-fsync': ['kill'],
  'freeze-disk': ['pause'],
  'fill-disk': ['kill'],
  clock: ['pause'],
}

const refused = (kind: Kind, not: string): Refusal => ({ not, instead: INSTEAD[kind] })

/** Whether programs that use the C library can suffer faults of their disks and clocks here. */
export function machineSuffers(kind: Kind): Suffering {
  if (kind === 'flip-bit') return true
  if (process.platform !== 'linux') return refused(kind, 'disks and clocks of programs can be hurt on Linux only')
  return hasCompiler() ? true : refused(kind, WITHOUT_COMPILER)
}

/** The same of a server in Go, which asks the kernel without the C library. */
export const goSuffers =
  (name: string) =>
  (kind: Kind): Suffering => {
    if (kind === 'flip-bit') return true
    if (kind === 'clock') return refused(kind, `${name} is a Go program, which reads the clock without the C library`)
    if (process.platform !== 'linux') return refused(kind, 'disks of programs can be hurt on Linux only')
    const why = whyNoLayer()
    if (why !== undefined)
      return refused(kind, `${name} is a Go program, whose disk is hurt by a file system below it: ${why}`)
    return hasCompiler() ? true : refused(kind, WITHOUT_COMPILER)
  }
