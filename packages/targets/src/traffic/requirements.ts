import { count, environmentError, inputError, plural } from '@chaosproxy/history'
import { type Carriage, carriageName, type ManagedProxy } from '@chaosproxy/proxy/control'
import type { Recorder, RecorderCounters } from '@chaosproxy/recorder'
import type { Concluded, RunOutcome } from '@chaosproxy/runner'
import { commandText } from '../processes/command.ts'
import type { ObservedTraffic, RecordedServer } from './observed-traffic.ts'
import type { TrafficUpstream } from './traffic-cluster.ts'

export const hasTraffic = ({ counters }: Recorder): boolean =>
  counters.operations + counters.unmatched + counters.notUnderstood + counters.opaqueConnections > 0

/**
 * @throws UserError if a server could not be reached and no operation succeeded: a verdict on requests to a missing
 * server is meaningless.
 */
export function requireReached(
  unreached: ReadonlyMap<string, string>,
  upstreams: readonly TrafficUpstream[],
  { counters }: Recorder,
): void {
  const missing = upstreams.find(({ name }) => unreached.has(name))
  if (missing === undefined || counters.ok > 0) return
  throw environmentError(
    `${missing.name}: ${missing.upstream} could not be reached (${unreached.get(missing.name)}), and no operation was answered. Check that the server is up, and that this is its address.`,
  )
}

interface WhatCame {
  readonly proxies: readonly ManagedProxy[]
  /** How the clients failed, if they did. It often explains why nothing was recorded. */
  readonly failure: string | undefined
  readonly trouble: readonly string[]
}

/** @throws UserError for a record without operations, which proves nothing but would look like success. */
export function requireOperations(
  { counters }: Recorder,
  { carries, as, clients, proxies, failure, trouble }: ObservedTraffic & WhatCame,
): void {
  if (counters.operations > 0) return
  const before = failure === undefined ? '' : `${failure}. `
  const { unmatched, notUnderstood, examples, opaqueConnections } = counters
  const seen = unmatched + notUnderstood
  // All bytes of a connection that cannot be parsed count as one request.
  if (seen <= opaqueConnections) {
    const [why] = trouble
    if (why !== undefined) throw inputError(`${before}Nothing was recorded. ${why}.`)
    const at = proxies.map(({ name, listen }) => `${name} at ${listen}`).join(', ')
    throw inputError(
      opaqueConnections > 0
        ? `${before}Nothing was recorded: the traffic was not ${carriageName(carries)}. Check --as ${as}.`
        : `${before}No traffic passed the proxy (${at}). ${clients.howToUseIt}`,
    )
  }
  const [passed] = examples.passedOn
  const [puzzling] = examples.notUnderstood
  const first = passed?.what ?? puzzling?.what ?? 'unknown'
  const why = passed === undefined && puzzling !== undefined ? ` (${puzzling.why})` : ''
  throw inputError(
    `${before}${as}: 0 of ${count(seen)} requests were recorded; the first request was ${first}${why}: ${remedyFor(first, carries)}`,
  )
}

/**
 * @throws UserError if no server has replied although no fault prevented it. A verdict on broken servers is
 * meaningless.
 */
export function requireAnswers({ counters }: Recorder, servers: readonly RecordedServer[]): void {
  if (counters.operations === 0 || counters.answered > 0) return
  const recorded = servers.filter(({ isRecorded }) => isRecorded)
  const answered = recorded.length === 1 ? 'has answered' : 'have answered'
  throw environmentError(
    `${recorded.map(nameOf).join(' and ')} ${answered} none of ${plural(counters.operations, 'operation')}, and no fault explains this. Check the port, and that the server speaks the protocol of --as.`,
  )
}

/** Returns the problems of a record that contains operations (see `requireOperations`). */
export function recordDoubts(
  { counters }: Recorder,
  ways: readonly Carriage[],
  faults: RunOutcome['faults'],
): Concluded {
  const surplus = surplusOf(counters, faults)
  const [remedy] = ways.flatMap((carries) =>
    carries.kind === 'spoken' ? (carries.protocol.remedies.overwritten ?? []) : [],
  )
  const lost = overwritten(counters, remedy)
  return lost === undefined ? surplus : { ...surplus, doubts: [lost, ...surplus.doubts] }
}

function overwritten({ overwrites }: RecorderCounters, remedy: string | undefined): string | undefined {
  const { first, keys, times } = overwrites
  if (first === undefined || remedy === undefined) return undefined
  const named = /^\d/.test(first) ? `key ${first}` : first
  const rows = keys === 1 ? named : `${named} and ${plural(keys - 1, 'other')}`
  return `${rows}: ${plural(times, 'time')} a client read a number and then wrote one, in separate statements, and another client had written in between. If the client computed the new number from the one that it read, an update is lost. The reads and writes alone do not show whether it did. ${remedy}`
}

/** Describes a server that sends more replies than it got requests. */
function surplusOf({ unmatchedAnswers }: RecorderCounters, faults: RunOutcome['faults']): Concluded {
  if (unmatchedAnswers === 0) return { doubts: [], trouble: [] }
  const came = `${plural(unmatchedAnswers, 'answer')} came`
  const text = `${came} without a request. If a server answers a request twice, the second answer is taken for the answer to the next request on the connection, and the record cannot be trusted`
  return faults.some(({ hits }) => hits > 0) ? { doubts: [text], trouble: [] } : { doubts: [], trouble: [text] }
}

const nameOf = (server: RecordedServer): string =>
  `${server.name} (${'command' in server ? commandText(server.command) : server.upstream})`

function remedyFor(first: string, carries: Carriage): string {
  if (carries.kind === 'spoken') return carries.protocol.remedies.nothing
  const [method = 'GET', path = '/'] = first.split(' ')
  const pattern = path.replace(/[^/]+$/, '{key}')
  const route =
    method === 'GET'
      ? { request: `GET ${pattern}`, f: 'read', result: 'json.value' }
      : { request: `${method} ${pattern}`, f: 'write', value: 'json.value' }
  return `add ${JSON.stringify(route)}, for example. chaos routes try shows how a request is recorded.`
}
