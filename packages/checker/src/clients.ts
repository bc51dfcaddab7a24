import { type History, UNNAMED } from '@chaos/history'

/**
 * Whose operation each of these rows is, as a number for each client: its session, or its process where there are no
 * sessions. Where nothing named the client an operation is a client of its own, so that nothing is taken to follow it.
 */
export function clientsOf(history: History, rows: Int32Array): Int32Array {
  const { process } = history.operations
  if (!history.hasSessions) return rows.map((row) => process[row])
  // Sessions are numbered below processes and rows together: what is beyond is no session.
  const beyond = sessionCount(history)
  return rows.map((row) => {
    const session = sessionOf(history, process[row])
    return session === UNNAMED ? beyond + row : session
  })
}

/** The client that a process belongs to; UNNAMED also where the recorder had nothing but connections to go by. */
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

/** Of each process the first one of its client, which stands for it; itself where nothing named the client. */
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

/** Whether nothing named the client of an operation. */
export const isUnnamed = (history: History, row: number): boolean =>
  history.hasSessions && sessionOf(history, history.operations.process[row]) === UNNAMED
