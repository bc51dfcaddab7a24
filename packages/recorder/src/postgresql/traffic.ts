import { type History, historyFromObjects, type Nanos, nanos } from '@chaosproxy/history'
import { createRecorder } from '../record/recorder.ts'
import { recordPostgresql } from './postgresql-recorder.ts'
import type { Catalogue, Proposal } from './proposal.ts'
import { parsePostgresqlSettings } from './settings.ts'

/** Bytes on a connection to a server, or the end of this connection, as the server sees them. */
export type Passed =
  | {
      readonly kind: 'asked'
      readonly at: Nanos
      readonly connection: number
      readonly bytes: Buffer
      /** The application's request to which the bytes belong, if known. */
      readonly request: string | undefined
    }
  | { readonly kind: 'answered'; readonly at: Nanos; readonly connection: number; readonly bytes: Buffer }
  | { readonly kind: 'closed'; readonly at: Nanos; readonly connection: number }

/**
 * Returns the history of the transactions in the traffic of one server. The traffic must be complete. Functions that
 * statements call are assumed to write nothing. `tables` gives the order of columns.
 */
export function historyOfTraffic(
  traffic: readonly Passed[],
  { as, tables }: Pick<Proposal, 'as'> & Pick<Catalogue, 'tables'>,
  node: string,
): History {
  const objects: unknown[] = [{ chaos: 1, model: 'rw-register', initial: 'unknown' }]
  let [time, request] = [nanos(0), undefined as string | undefined]
  const recorder = createRecorder({
    client: { write: (line) => void objects.push(JSON.parse(line)) },
    now: () => time,
    maximumWaiting: Number.POSITIVE_INFINITY,
  })
  const { kind: _, ...members } = as
  const settings = parsePostgresqlSettings({ ...members, functions: 'read' }, node)
  const recorded = [...(settings.commands.tables ?? [])].map(([name, table]) => {
    const columns = tables.find((each) => each.name === name)?.columns.map((column) => column.name)
    return [name, { ...table, columns }] as const
  })
  const commands = { ...settings.commands, tables: new Map(recorded) }
  const recording = recordPostgresql({ ...settings, commands, recorder, node, requestOf: () => request })
  const connections = new Map<
    number,
    { conversation: ReturnType<typeof recording.open>; requestBytes: number; answered: number }
  >()
  for (const each of traffic) {
    time = each.at
    const connection = connections.get(each.connection) ?? {
      conversation: recording.open({ host: `${each.connection}`, naming: { kind: 'fixed', session: undefined } }),
      ...{ requestBytes: 0, answered: 0 },
    }
    connections.set(each.connection, connection)
    const { conversation } = connection
    switch (each.kind) {
      case 'asked':
        request = each.request
        conversation.requested(each.bytes, time)
        connection.requestBytes += each.bytes.length
        conversation.sent(connection.requestBytes, time)
        break
      case 'answered':
        conversation.answered(each.bytes)
        connection.answered += each.bytes.length
        conversation.delivered(connection.answered)
        break
      case 'closed':
        conversation.closed()
        break
      default:
        each satisfies never
    }
  }
  for (const { conversation } of connections.values()) conversation.closed()
  recorder.finish()
  return historyFromObjects(objects, node)
}
