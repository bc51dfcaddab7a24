import { closeSync, openSync, readFileSync } from 'node:fs'

const SYS_ADMIN = 21n

/** Why `layer` cannot mount a file system here, and what to do about it; undefined if it can. */
export function whyNoLayer(): string | undefined {
  if (!mayMount()) return 'only root may mount one (sudo; a container needs --cap-add SYS_ADMIN --device /dev/fuse)'
  try {
    closeSync(openSync('/dev/fuse', 'r+'))
    return undefined
  } catch (error) {
    return `/dev/fuse cannot be opened (${(error as NodeJS.ErrnoException).code}): modprobe fuse, or give the container --device /dev/fuse`
  }
}

/** Root of a container may lack it. */
function mayMount(): boolean {
  const [, effective] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return effective !== undefined && ((BigInt(`0x${effective}`) >> SYS_ADMIN) & 1n) === 1n
}
