import { linkName } from '@chaosproxy/faults'
import type { LinkStatistics } from '../../link/link-state.ts'
import type { ControlPlane } from '../plane/plane.ts'
import type { ApiReply } from '../server/api.ts'
import { counter, formatMetrics, gauge, METRICS_TYPE, type Metric, only, type Sample } from './format.ts'
import { processMetrics } from './process-metrics.ts'

/** Returns all counters, including those of open connections, in Prometheus's text format 0.0.4. */
export const metricsReply = (plane: ControlPlane): ApiReply => ({
  status: 200,
  headers: { 'Content-Type': METRICS_TYPE },
  body: formatMetrics([
    ...toxiproxyMetrics(plane),
    ...linkMetrics(plane),
    ...planeMetrics(plane),
    ...recordMetrics(plane),
    ...processMetrics(),
  ]),
})

function toxiproxyMetrics(plane: ControlPlane): readonly Metric[] {
  const statistics = plane.statistics()
  const samples = (count: (link: LinkStatistics) => number): readonly Sample[] =>
    plane.proxies.list().flatMap((proxy) =>
      [
        { direction: 'upstream', link: proxy.forward },
        { direction: 'downstream', link: proxy.backward },
      ].map(({ direction, link }) => {
        const found = statistics.get(linkName(link))
        const labels = { direction, proxy: proxy.name, listener: proxy.listen, upstream: proxy.upstream }
        return { labels, value: found === undefined ? 0 : count(found) }
      }),
    )
  return [
    counter(
      'toxiproxy_proxy_received_bytes_total',
      'Bytes received by the proxy, in the direction given.',
      samples(({ bytes }) => bytes),
    ),
    counter(
      'toxiproxy_proxy_sent_bytes_total',
      'Bytes sent by the proxy, in the direction given.',
      samples(({ deliveredBytes }) => deliveredBytes),
    ),
  ]
}

function linkMetrics(plane: ControlPlane): readonly Metric[] {
  const links = [...plane.statistics()]
  const metric = (
    name: string,
    type: Metric['type'],
    help: string,
    count: (link: LinkStatistics) => number,
  ): Metric => ({
    name: `chaos_link_${name}`,
    type,
    help,
    samples: links.map(([link, statistics]) => ({ labels: { link }, value: count(statistics) })),
  })
  return [
    metric('bytes_total', 'counter', 'Bytes that came in from the sender.', ({ bytes }) => bytes),
    metric('delivered_bytes_total', 'counter', 'Bytes handed to the receiver.', ({ deliveredBytes }) => deliveredBytes),
    metric('dropped_bytes_total', 'counter', 'Bytes lost on purpose.', ({ droppedBytes }) => droppedBytes),
    metric('connections_total', 'counter', 'Connections that ever used the link.', ({ connections }) => connections),
    metric('connections', 'gauge', 'Connections that use the link now.', ({ liveConnections }) => liveConnections),
    metric(
      'failed_dials_total',
      'counter',
      'Attempts to connect to the upstream that failed for a reason other than a fault.',
      ({ failedDials }) => failedDials,
    ),
    metric(
      'failed_accepts_total',
      'counter',
      'Clients refused: no file descriptor was left, or only those reserved for the control interface.',
      ({ failedAccepts }) => failedAccepts,
    ),
    metric('hits_total', 'counter', 'Hits of faults on the link.', ({ hits }) => hits),
  ]
}

function planeMetrics(plane: ControlPlane): readonly Metric[] {
  const faults = plane.faults.list()
  const proxies = plane.proxies.list()
  return [
    counter(
      'chaos_fault_hits_total',
      'Hits of the faults in force.',
      faults.map(({ name, fault, hits }) => ({ labels: { fault: name, kind: fault.kind }, value: hits })),
    ),
    gauge(
      'chaos_proxy_enabled',
      'Whether the proxy accepts connections.',
      proxies.map(({ name, enabled }) => ({ labels: { proxy: name }, value: enabled ? 1 : 0 })),
    ),
    gauge('chaos_rules_epoch', 'Changes to the set of faults in force.', only(plane.faults.epoch)),
  ]
}

function recordMetrics({ recording }: ControlPlane): readonly Metric[] {
  if (recording === undefined) return []
  const { ok, fail, info, unmatched } = recording.recorder.counters
  const outcomes = Object.entries({ ok, fail, info })
  const behind = recording.files.map(({ statistics }) => ({
    labels: { file: statistics.path },
    value: statistics.behindBytes,
  }))
  return [
    counter(
      'chaos_recorded_operations_total',
      'Operations recorded, by outcome.',
      outcomes.map(([outcome, value]) => ({ labels: { outcome }, value })),
    ),
    counter('chaos_unmatched_requests_total', 'Requests that were passed on and not recorded.', only(unmatched)),
    ...judgedMetrics(recording),
    gauge('chaos_record_behind_bytes', 'Recorded bytes that are not yet on disk.', behind),
  ]
}

function judgedMetrics({ judging }: NonNullable<ControlPlane['recording']>): readonly Metric[] {
  if (judging === undefined) return []
  const { level, soFar } = judging.judged()
  return [
    gauge(
      'chaos_recorded_verdict',
      'Verdict so far: 1 for the current one, 0 for the others.',
      [level, `not ${level}`, 'not certain'].map((verdict) => ({
        labels: { verdict },
        value: verdict === soFar ? 1 : 0,
      })),
    ),
  ]
}
