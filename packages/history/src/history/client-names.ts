import type { Process } from '../event/event.ts'
import { UNNAMED } from '../tables/sessions.ts'
import type { History } from './history.ts'

/** The clients of a run: `process-11`, and `process-11:final` for their reads after all faults are healed. */
const NUMBERED = /^process-(\d+)(?::final)?$/

/** What a session's client is called: `11` in a run, otherwise the name it gave itself. */
const nameOfSession = (session: string): string => NUMBERED.exec(session)?.[1] ?? session

type Clients = Pick<History, 'header' | 'processName' | 'sessionOf' | 'sessionName' | 'hasSessions'>

/** Undefined where only its process tells a client from others. */
function sessionNameOf(history: Clients, process: number): string | undefined {
  const session =
    history.hasSessions && history.header?.sessions?.named !== false ? history.sessionOf(process) : UNNAMED
  return session === UNNAMED ? undefined : nameOfSession(history.sessionName(session))
}

/** A client's one name, for all its processes; that of the process where nothing else identifies the client. */
export const clientName = (history: Clients, process: number): string =>
  sessionNameOf(history, process) ?? history.processName(process)

/** For sentences: `client c4`, or `process 11` where only its process tells a client from others. */
export function clientInWords(history: Clients, process: number): string {
  const named = sessionNameOf(history, process)
  return named === undefined ? `process ${clipped(history.processName(process))}` : nameInWords(named)
}

/** What an invocation says of its client. */
export interface Caller {
  readonly process: Process
  readonly session?: string | undefined
}

/** The same by an invocation alone. */
export const callerInWords = ({ process, session }: Caller): string =>
  session === undefined ? `process ${process}` : nameInWords(nameOfSession(session))

const nameInWords = (name: string): string => (/^connection \d+$/.test(name) ? name : `client ${clipped(name)}`)

/** Names come from requests, and a sentence must stay one. */
const LONGEST = 60
const clipped = (name: string): string => (name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 1)}…`)
