import { packageVersion } from '@chaosproxy/engine/run'
import { nameOfChoice } from '@chaosproxy/faults'
import { nanos } from '@chaosproxy/history'
import type { PlannedRun, RunEvent, RunListener } from '@chaosproxy/runner'
import { type HrTime, loadSdk, type Sdk, type Span, type SpanExporter } from './packages.ts'
import { createQuota } from './quota.ts'
import { createSpanLog, type FinishedSpan } from './span-log.ts'

/** The destination of traces; if empty, environment variables set it. */
export interface TelemetrySettings {
  readonly endpoint: string
}

/** Sends spans of runs to a collector. Runs never wait for it. */
export interface Telemetry {
  follow(run: PlannedRun): RunListener
  /** Sends the remaining spans for at most a few seconds. Resolves to a sentence about the result. */
  close(): Promise<string>
}

/** The most spans sent per second: at about 10 µs each, they take at most a hundredth of a core. */
const MOST_PER_SECOND = 1_000
const MOST_WAITING = 8_192
const TIMEOUT_MS = 2_000
const ERROR = 2

/** @throws UserError (environment) if the SDK is not installed. */
export async function openTelemetry({ endpoint }: TelemetrySettings): Promise<Telemetry> {
  const sdk = await loadSdk()
  const exporter = countingExporter(
    new sdk.OTLPTraceExporter({
      timeoutMillis: TIMEOUT_MS,
      ...(endpoint === '' ? {} : { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
    }),
  )
  const processor = new sdk.BatchSpanProcessor({
    exporter,
    maxQueueSize: MOST_WAITING,
    maxExportBatchSize: 512,
    scheduledDelayMillis: 500,
    exportTimeoutMillis: TIMEOUT_MS,
  })
  const provider = new sdk.TracerProvider({
    resource: sdk.resourceFromAttributes({ 'service.name': 'chaos', 'service.version': packageVersion() }),
    spanProcessors: [processor],
  })
  const made = { spans: 0, refused: 0 }
  return {
    follow: (run) => followed(run, sdk, provider.getTracer('chaosproxy', packageVersion()), made),
    async close() {
      await provider.shutdown().catch(() => {})
      return exportSummary(made, exporter, endpoint)
    },
  }
}

function exportSummary({ spans, refused }: Made, { sent, trouble }: CountingExporter, endpoint: string): string {
  const to = endpoint === '' ? 'the collector' : endpoint
  const lost = spans - sent
  return [
    `OpenTelemetry: ${sent} spans sent to ${to}`,
    ...(refused === 0 ? [] : [`${refused} operations beyond ${MOST_PER_SECOND} a second were not sent`]),
    ...(lost === 0 ? [] : [`${lost} dropped${trouble === undefined ? ' because it was too slow' : ` (${trouble})`}`]),
  ].join('; ')
}

interface Made {
  spans: number
  refused: number
}

type Tracer = ReturnType<InstanceType<Sdk['TracerProvider']>['getTracer']>

/**
 * Records the spans of one run. Each operation is a trace linked to the run's trace, because no collector accepts a
 * trace of a million spans.
 */
function followed(run: PlannedRun, sdk: Sdk, tracer: Tracer, made: Made): RunListener {
  const log = createSpanLog()
  // Failed operations have their own quota, so that successful ones do not displace them.
  const [answered, failed] = [createQuota(MOST_PER_SECOND), createQuota(MOST_PER_SECOND)]
  let root: Span | undefined
  let beganMs = 0
  let newest = nanos(0)
  const at = (time: number): HrTime => {
    const ms = beganMs + time / 1e6
    return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)]
  }

  function emit(span: FinishedSpan | undefined): void {
    if (span === undefined || root === undefined) return
    const isOperation = span.of === 'operation'
    if (isOperation && !(span.error === undefined ? answered : failed)(span.to)) {
      made.refused++
      return
    }
    made.spans++
    const links = isOperation ? [{ context: root.spanContext() }] : []
    const context = isOperation ? sdk.ROOT_CONTEXT : sdk.trace.setSpan(sdk.ROOT_CONTEXT, root)
    const emitted = tracer.startSpan(
      span.name,
      { startTime: at(span.from), attributes: span.attributes, links },
      context,
    )
    if (span.error !== undefined) emitted.setStatus({ code: ERROR, message: span.error })
    emitted.end(at(span.to))
  }

  function begin(time: number): void {
    beganMs = Date.now() - time / 1e6
    root = tracer.startSpan(
      `chaos run ${run.target.name}`,
      {
        startTime: at(0),
        attributes: {
          'chaos.target': run.target.name,
          'chaos.workload': run.workload.name,
          'chaos.seed': run.spec.seed,
          'chaos.nodes': run.spec.nodes,
          'chaos.faults': run.spec.faults.map(nameOfChoice),
        },
      },
      sdk.ROOT_CONTEXT,
    )
    made.spans++
  }

  function end(event: Extract<RunEvent, { type: 'failed' | 'judged' }>): void {
    if (root === undefined) return
    for (const span of log.endAll(newest)) emit(span)
    if (event.type === 'judged') root.setAttributes({ 'chaos.verdict': event.headline })
    else root.setStatus({ code: ERROR, message: event.message })
    root.end(at(newest))
    root = undefined
  }

  return (event) => {
    if (event.type === 'failed' || event.type === 'judged') end(event)
    if (event.type !== 'event') return
    if (root === undefined) begin(event.event.time)
    newest = event.event.time
    emit(log.note(event.event))
  }
}

interface CountingExporter extends SpanExporter {
  readonly sent: number
  /** Why the latest failed batch failed. */
  readonly trouble: string | undefined
}

function countingExporter(exporter: SpanExporter): CountingExporter {
  let sent = 0
  let trouble: string | undefined
  return {
    export(spans, ended) {
      exporter.export(spans, (result) => {
        if (result.code === 0) sent += spans.length
        else trouble = result.error?.message || 'it was refused'
        ended(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
    get sent() {
      return sent
    },
    get trouble() {
      return trouble
    },
  }
}
