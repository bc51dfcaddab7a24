import type { History } from '@chaosproxy/history'

/** Where an operation was invoked, for messages. */
export const placeOf = (history: History, row: number): string => {
  const line = history.operations.callLine[row]
  if (line <= 0) return `operation ${row}`
  return history.source === undefined ? `line ${line}` : `${history.source}:${line}`
}
