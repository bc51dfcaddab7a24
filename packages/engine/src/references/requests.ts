import type { History } from '@chaosproxy/history'
import { requestName } from './services.ts'

/** A client's request to a program, as recorded in a history. */
export interface ClientRequest {
  readonly name: string
  readonly row: number
  readonly process: string
  /** `write`, `cas`. */
  readonly f: string
  readonly key: string | undefined
  readonly node: string | undefined
}

/** Returns the request of an operation in a simulated history. */
export function requestOf({ operations, functions, keys, nodes, processName }: History, row: number): ClientRequest {
  const { process, f, key, node } = operations
  // Rows are sorted by invocation. So the operation's number within its process is the number of the process's rows up
  // to this one.
  const sequence = process.subarray(0, row + 1).filter((each) => each === process[row]).length
  const name = processName(process[row] ?? 0)
  return {
    // Clients name their session after their process.
    name: requestName(`process-${name}`, sequence),
    row,
    process: `p${name}`,
    f: functions[f[row] ?? 0] ?? '',
    key: keys[key[row] ?? -1],
    node: nodes[node[row] ?? -1],
  }
}
