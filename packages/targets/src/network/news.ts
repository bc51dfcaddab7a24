import type { NodeId } from '@chaosproxy/faults'
import type { UserError } from '@chaosproxy/history'

/** What the nodes of a cluster tell of themselves, and who wants to know. */
export interface ClusterNews {
  /** What went wrong without having been asked for; in order. */
  readonly trouble: string[]
  /** Where a deliberate mistake has made a difference. */
  readonly marked: Set<NodeId>
  /** Called whenever a node may have another status. */
  readonly watchers: Set<() => void>
  statusChanged(): void
  /** The protocol's own code does not work; only the first time counts. */
  broke(error: UserError): void
  broken(): UserError | undefined
  /** Calls back once it is broken; at once where it is. */
  onBroken(callback: (error: UserError) => void): void
}

export function createNews(): ClusterNews {
  const watchers = new Set<() => void>()
  const told: ((error: UserError) => void)[] = []
  let broken: UserError | undefined
  const statusChanged = () => {
    for (const watcher of watchers) watcher()
  }
  return {
    trouble: [],
    marked: new Set(),
    watchers,
    statusChanged,
    broke(error) {
      if (broken !== undefined) return
      broken = error
      statusChanged()
      for (const callback of told) callback(error)
    },
    broken: () => broken,
    onBroken(callback) {
      told.push(callback)
      if (broken !== undefined) callback(broken)
    },
  }
}
