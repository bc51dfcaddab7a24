import { type History, UNNAMED } from '@chaosproxy/history'

/**
 * Returns the client of each row. The client is the session, or the process if there are no sessions. Each operation of
 * an unnamed client counts as a separate client, so no order is assumed.
 */
export function clientsOf(history: History, rows: Int32Array): Int32Array {
  const { process } = history.operations
  if (!history.hasSessions || history.isTied === true) return rows.map((row) => process[row])
  const beyond = sessionCount(history)
  return rows.map((row) => {
    const session = sessionOf(history, process[row])
    return session === UNNAMED ? beyond + row : session
  })
}

/** The client of a process; UNNAMED if the recorder saw only connections. */
function sessionOf(history: History, process: number): number {
  return history.header?.sessions?.named === false ? UNNAMED : history.sessionOf(process)
}

function sessionCount(history: History): number {
  let most = UNNAMED
  for (let process = 0; process < history.processCount; process++) {
    const session = history.sessionOf(process)
    if (session > most) most = session
  }
  return most + 1
}

/** Maps each process to the first process of its client. A process of an unnamed client maps to itself. */
export function firstOfClient(history: History): (process: number) => number {
  if (!history.hasSessions) return (process) => process
  const first = new Map<number, number>()
  const standsFor = Int32Array.from({ length: history.processCount }, (_, process) => {
    const session = sessionOf(history, process)
    if (session === UNNAMED) return process
    if (!first.has(session)) first.set(session, process)
    return first.get(session) ?? process
  })
  return (process) => standsFor[process]
}

export const isUnnamed = (history: History, row: number): boolean =>
  history.hasSessions && sessionOf(history, history.operations.process[row]) === UNNAMED
