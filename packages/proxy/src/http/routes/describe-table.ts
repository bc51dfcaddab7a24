import type { Recorder } from '../../recorder/recorder.ts'
import type { ClientSource, RouteTable } from '../route-table.ts'
import { isIgnored } from '../route-table.ts'

/**
 * Tells the recorder what histories say of a table as a whole: how clients are told apart, and what keys hold at the
 * start.
 */
export function describeTable(table: RouteTable, recorder: Recorder): void {
  for (const source of clientSourcesOf(table)) {
    if (source === undefined) recorder.clientsBy({ by: 'connection', named: false })
    else recorder.clientsBy({ by: source, named: true })
  }
  const { initial } = table
  recorder.startsWith(typeof initial === 'object' && 'value' in initial ? initial : undefined)
}

/** What names clients, of all routes; undefined among them where nothing does. */
export const clientSourcesOf = ({ routes, client }: RouteTable): readonly (ClientSource | undefined)[] => [
  ...new Set(routes.flatMap((route) => (isIgnored(route) ? [] : [route.client ?? client]))),
]
