import type { NodeId } from '@chaosproxy/faults'
import type { UserError } from '@chaosproxy/history'
import type { ClusterChange } from '@chaosproxy/runner/result'

export interface ClusterNews {
  /** Failures that no fault caused. */
  readonly trouble: string[]
  readonly marked: Set<NodeId>
  /** Functions to call whenever a node's status may have changed. */
  readonly watchers: Set<() => void>
  statusChanged(): void
  changed(change: ClusterChange): void
  onChange(callback: (change: ClusterChange) => void): void
  /** Reports that the protocol's code is broken. Only the first report counts. */
  broke(error: UserError): void
  broken(): UserError | undefined
  onBroken(callback: (error: UserError) => void): void
}

export function createNews(): ClusterNews {
  const watchers = new Set<() => void>()
  const callbacks: ((error: UserError) => void)[] = []
  const changes: ((change: ClusterChange) => void)[] = []
  let broken: UserError | undefined
  const statusChanged = () => {
    for (const watcher of watchers) watcher()
  }
  return {
    trouble: [],
    marked: new Set(),
    watchers,
    statusChanged,
    changed(change) {
      for (const callback of changes) callback(change)
    },
    onChange: (callback) => void changes.push(callback),
    broke(error) {
      if (broken !== undefined) return
      broken = error
      statusChanged()
      for (const callback of callbacks) callback(error)
    },
    broken: () => broken,
    onBroken(callback) {
      callbacks.push(callback)
      if (broken !== undefined) callback(broken)
    },
  }
}
