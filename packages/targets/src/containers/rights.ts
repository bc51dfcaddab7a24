import { existsSync, readFileSync } from 'node:fs'

/** Returns whether this process is root, even if only in the user namespace of a rootless podman. */
export const isRoot = (): boolean => process.getuid?.() === 0

/** Returns whether containers belong to a user other than root, as those of a rootless podman. */
export const isRootless = (): boolean => !isRoot() || process.env['_CONTAINERS_ROOTLESS_UID'] !== undefined

/** Returns whether the machine uses control groups version 2, where users may freeze and limit their own processes. */
export const hasUnifiedGroups = (): boolean => existsSync('/sys/fs/cgroup/cgroup.controllers')

/** Returns whether the rules apply within a bridge; undefined if the kernel has no setting for it. */
export function bridgePassesRules(): boolean | undefined {
  try {
    return readFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').trim() === '1'
  } catch {
    return undefined
  }
}
