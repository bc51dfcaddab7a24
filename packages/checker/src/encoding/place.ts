import { type History, placeIn } from '@chaosproxy/history'

/** Where an operation was invoked, for messages. */
export const placeOf = (history: History, row: number): string => {
  const line = history.operations.callLine[row]
  if (line <= 0) return `operation ${row}`
  const { file = history.source, line: own } = placeIn(history, line)
  return file === undefined ? `line ${own}` : `${file}:${own}`
}
