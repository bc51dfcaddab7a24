import { count, plural, printable } from '@chaosproxy/history'
import type { ControlPlane } from '@chaosproxy/proxy/control'
import type { Recorder } from '@chaosproxy/recorder'
import type { RecordedProtocol, Remedies } from '@chaosproxy/recorder/protocols'

export interface SummaryOptions {
  readonly lostLines: number
  /** The path of the record; absent if the caller prints it. */
  readonly path: string | undefined
  /** What recorded the operations: a route table or a protocol. It determines the suggested remedies. */
  readonly by: 'routes' | RecordedProtocol
}

/** Returns the protocol by which the proxies are recorded; `routes` if there are several protocols or none. */
export function recordedBy({ proxies }: ControlPlane): SummaryOptions['by'] {
  const [kind = 'routes', another] = new Set(proxies.list().flatMap(({ recordedBy: by }) => by ?? []))
  return another === undefined ? kind : 'routes'
}

/** The remedies for gaps in a record that was made with a route table. */
const ROUTES: Omit<Remedies, 'nothing'> = {
  notUnderstood: 'Describe these requests in the route table. chaos routes try prints how it reads a request.',
  touched:
    'Add a route for each of these requests, or {"request": "…", "ignore": true} if it writes nothing that is recorded.',
  unnamed: 'Name the clients in the route table: "client": "header.X-Client", a cookie, bearer, or peer.process.',
}

export function summaryLines(recorder: Recorder, { lostLines, path, by }: SummaryOptions): readonly string[] {
  const remedies = by === 'routes' ? ROUTES : by.remedies
  const { operations, ok, fail, info } = recorder.counters
  return [
    `  recorded ${count(operations)} operations (${count(ok)} ok, ${count(fail)} failed, ${count(info)} of unknown outcome)${path === undefined ? '' : ` in ${path}`}`,
    ...notUnderstoodLines(recorder, remedies.notUnderstood),
    ...passedOnLines(recorder, remedies.touched),
    ...unnamedLines(recorder, remedies.unnamed),
    ...(lostLines === 0
      ? []
      : [
          `  LOST ${count(lostLines)} lines: the disk failed, and the record ends there. Free disk space, and record again.`,
        ]),
  ]
}

function notUnderstoodLines({ counters }: Recorder, remedy: string): readonly string[] {
  const { notUnderstood, examples } = counters
  if (notUnderstood === 0) return []
  return [
    `  did not understand ${count(notUnderstood)} requests or answers, so no level can be met:`,
    ...examples.notUnderstood.map(({ what, why }) => `    ${printable(`${what}: ${why}`)}`),
    `    ${remedy}`,
  ]
}

function passedOnLines({ counters }: Recorder, remedy: string): readonly string[] {
  const { unmatched, touched, examples } = counters
  if (unmatched === 0 && touched === 0) return []
  const named = examples.passedOn.reduce((sum, { count: times }) => sum + times, 0)
  const kinds = [
    ...examples.passedOn.map(({ what, count: times }) => `${printable(what)} ${count(times)}×`),
    ...(unmatched > named ? [`and ${count(unmatched - named)} more`] : []),
  ].join(', ')
  return [
    ...(unmatched === 0 ? [] : [`  forwarded ${count(unmatched)} requests that are not operations: ${kinds}`]),
    ...(touched === 0
      ? []
      : [
          `  ${plural(touched, 'request')} may have written OUTSIDE the record. After such a request, the values that it may have written are unknown:`,
          ...examples.touched.map(({ what, why }) => `    ${printable(`${what}: ${why}`)}`),
          `    ${remedy}`,
        ]),
  ]
}

function unnamedLines({ counters, sessions }: Recorder, remedy: string): readonly string[] {
  const { unnamed } = counters
  if (unnamed === 0) return []
  const whose = sessions.named ? `${count(unnamed)} operations have none` : 'nothing names the clients'
  return [
    `  clients are identified by ${sessions.by}; ${whose}, so levels that depend on a client's own order stay unknown.`,
    `    ${remedy}`,
  ]
}
