import { closeSync, openSync, readFileSync } from 'node:fs'
import type { MachineFault, Refusal } from '@chaosproxy/faults'
import type { FaultSupport } from '@chaosproxy/runner'
import { hasCompiler, WITHOUT_COMPILER } from './library.ts'

type Kind = MachineFault['kind']

/** By kind of fault: the kinds to suggest if this kind cannot be injected. */
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

/** Returns whether a fault of a disk or clock can be injected here, for programs that use the C library. */
export function machineFaultSupport(kind: Kind): FaultSupport {
  if (kind === 'flip-bit') return true
  if (process.platform !== 'linux') return refused(kind, 'programs can suffer faults of disks and clocks on Linux only')
  return hasCompiler() ? true : refused(kind, WITHOUT_COMPILER)
}

/**
 * Returns a function that checks which kinds of fault can be injected into the Go server of this name. Go servers call
 * the kernel without the C library.
 */
export const goFaultSupport =
  (name: string) =>
  (kind: Kind): FaultSupport => {
    if (kind === 'flip-bit') return true
    if (kind === 'clock') return refused(kind, `${name} is a Go program, which reads the clock without the C library`)
    if (process.platform !== 'linux') return refused(kind, 'programs can suffer faults of disks on Linux only')
    const why = whyNoLayer()
    if (why !== undefined)
      return refused(kind, `${name} is a Go program, and disk faults in it need a mounted file system: ${why}`)
    return hasCompiler() ? true : refused(kind, WITHOUT_COMPILER)
  }

const SYS_ADMIN = 21n

/** Explains why `layer` cannot mount a file system here, and what to do. */
export function whyNoLayer(): string | undefined {
  if (!mayMount())
    return 'only root may mount a file system (sudo; a container needs --cap-add SYS_ADMIN --device /dev/fuse)'
  try {
    closeSync(openSync('/dev/fuse', 'r+'))
    return undefined
  } catch (error) {
    return `/dev/fuse cannot be opened (${(error as NodeJS.ErrnoException).code}): modprobe fuse, or give the container --device /dev/fuse`
  }
}

/** Returns whether this process may mount file systems. Even root may not do so in a container. */
function mayMount(): boolean {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return effective !== undefined && ((BigInt(`0x${effective}`) >> SYS_ADMIN) & 1n) === 1n
}
