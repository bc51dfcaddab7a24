import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { TriedRequest } from '@chaosproxy/recorder/routes'

/** How a request is recorded, for people: its route, its client, its events. */
export function renderTry(tried: TriedRequest, table: RouteTable, path: string): string {
  const { route, session, kind, events } = tried
  const taken =
    route === undefined ? 'no route takes it' : `route ${route} takes it: ${table.routes[route - 1]?.request ?? ''}`
  const client = kind === 'operations' ? [`  client    ${session ?? unnamed(table)}`] : []
  return [
    `  ${path}: ${taken}`,
    `  it is     ${kinds[kind]}`,
    ...client,
    ...(events.length === 0 ? ['  nothing is written'] : events.map((event) => `  ${JSON.stringify(shown(event))}`)),
    '',
  ].join('\n')
}

const unnamed = ({ client }: RouteTable): string =>
  client === undefined ? 'nothing names it: say "client" in the table' : `not named: there is nothing at ${client}`

const kinds: { readonly [kind in TriedRequest['kind']]: string } = {
  operations: 'recorded',
  'passed-on': 'passed on, and no operation',
  'not-understood': 'not understood: it should be an operation, and lacks what makes it one',
}

/** An event without the members that only a real recording has. */
function shown({ index: _, time: __, epoch: ___, node: ____, ...event }: TriedRequest['events'][number]): object {
  return event
}
