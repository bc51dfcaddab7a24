import { type History, UNNAMED } from '@chaosproxy/history'

/**
 * The client of each of these rows, as a number: its session, or its process without sessions. Each operation of an
 * unnamed client counts as a separate client, so that no order is assumed. In a tied history only processes define an
 * order.
 */
export function clientsOf(history: History, rows: Int32Array): Int32Array {
  const { process } = history.operations
  if (!history.hasSessions || history.isTied === true) return rows.map((row) => process[row])
  // Numbers from here on are not sessions.
  const beyond = sessionCount(history)
  return rows.map((row) => {
    const session = sessionOf(history, process[row])
    return session === UNNAMED ? beyond + row : session
  })
}

/** The client that a process belongs to; UNNAMED also if the recorder could tell clients apart only by connection. */
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

/** By process: the first process of its client, as its representative; the process itself if its client is unnamed. */
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

/** Whether an operation's client is unnamed. */
export const isUnnamed = (history: History, row: number): boolean =>
  history.hasSessions && sessionOf(history, history.operations.process[row]) === UNNAMED
