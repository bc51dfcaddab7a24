import type { Recorder } from '../../record/recorder.ts'
import { type ClientSource, isIgnored, type RouteTable } from '../table/route-table.ts'

/** Tells the recorder how the table names clients, and which values objects have at first. */
export function describeTable(table: RouteTable, recorder: Recorder): void {
  for (const source of clientSourcesOf(table)) {
    if (source === undefined) recorder.clientsBy({ by: 'connection', named: false })
    else recorder.clientsBy({ by: source, named: true })
  }
  recorder.readByRoutes()
  const { initial } = table
  recorder.startsWith(typeof initial === 'object' && 'value' in initial ? initial : undefined)
}

export const clientSourcesOf = ({ routes, client }: RouteTable): readonly (ClientSource | undefined)[] => [
  ...new Set(routes.flatMap((route) => (isIgnored(route) ? [] : [route.client ?? client]))),
]
