import type { Process } from '../event/event.ts'
import { UNNAMED } from '../tables/sessions.ts'
import type { History } from './history.ts'

/** Sessions of a run: `process-11`, and `process-11:final` for reads after all faults are healed. */
const NUMBERED = /^process-(\d+)(?::final)?$/

/** Returns `11` for the session `process-11` of a run, otherwise the session's name. */
const nameOfSession = (session: string): string => NUMBERED.exec(session)?.[1] ?? session

type Clients = Pick<History, 'header' | 'processName' | 'sessionOf' | 'sessionName' | 'hasSessions'>

function sessionNameOf(history: Clients, process: number): string | undefined {
  const session =
    history.hasSessions && history.header?.sessions?.named !== false ? history.sessionOf(process) : UNNAMED
  return session === UNNAMED ? undefined : nameOfSession(history.sessionName(session))
}

/** The name of a client, common to all its processes; without a named client, the name of the process. */
export const clientName = (history: Clients, process: number): string =>
  sessionNameOf(history, process) ?? history.processName(process)

/** The client in a sentence: `client c4`, or `process 11` if it has no name. */
export function clientInWords(history: Clients, process: number): string {
  const named = sessionNameOf(history, process)
  return named === undefined ? `process ${clipped(history.processName(process))}` : nameInWords(named)
}

/** The members of an invocation that identify its client. */
export interface Caller {
  readonly process: Process
  readonly session?: string | undefined
}

/** Describes the client of an invocation, as `clientInWords` does. */
export const callerInWords = ({ process, session }: Caller): string =>
  session === undefined ? `process ${process}` : nameInWords(nameOfSession(session))

const nameInWords = (name: string): string => (/^connection \d+$/.test(name) ? name : `client ${clipped(name)}`)

/** Maximum length of a displayed client name. Names come from requests and may be long. */
const LONGEST = 60
const clipped = (name: string): string => (name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 1)}…`)
