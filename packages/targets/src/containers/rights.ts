import { existsSync, readFileSync } from 'node:fs'

/** The system administrator of this machine, or of the user namespace that a rootless podman has made. */
export const isRoot = (): boolean => process.getuid?.() === 0

/** Whether containers belong to a user who is not root on this machine, as those of a rootless podman do. */
export const isRootless = (): boolean => !isRoot() || process.env['_CONTAINERS_ROOTLESS_UID'] !== undefined

/** Control groups of version 2, in which users may freeze and limit what is theirs. */
export const hasUnifiedGroups = (): boolean => existsSync('/sys/fs/cgroup/cgroup.controllers')

/** Whether packets within a bridge pass the rules of the network; undefined where the kernel has no such switch. */
export function bridgePassesRules(): boolean | undefined {
  try {
    return readFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').trim() === '1'
  } catch {
    return undefined
  }
}
