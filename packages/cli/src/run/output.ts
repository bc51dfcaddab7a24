import { USUAL_OUT } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { inGroup, word, wordOrNone } from '../arguments/declare.ts'
import { uiOptions } from '../arguments/ui.ts'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import type { Option, Options } from '../option.ts'
import { isForced, parseReporters, type ReporterChoice, reporterOptions } from '../reporting/choice.ts'
import type { TelemetrySettings } from '../telemetry/telemetry.ts'
import { refuseToReplaceProof } from '../terminal/overwriting.ts'
import { eventsOption, parseEvents } from './event-file.ts'

export const outputOptions: Options & { readonly out: Option<string | undefined> } = inGroup('Output', [], {
  ...uiOptions,
  out: word('where to create the directory of this run', USUAL_OUT),
  prove: word('write a proof of the verdicts to this file; chaos verify checks the proof'),
  ...eventsOption,
  otel: wordOrNone(
    'send operations and faults as OpenTelemetry traces to this collector (OTLP over HTTP), such as http://localhost:4318; --otel without an address uses OTEL_EXPORTER_OTLP_ENDPOINT',
  ),
  metrics: word('serve metrics of the run for Prometheus at this host:port, such as 127.0.0.1:9464, under /metrics'),
  ...reporterOptions(),
})

export interface RunOutput {
  readonly reporters: readonly ReporterChoice[]
  readonly verbose?: boolean | undefined
  readonly events: string | undefined
  readonly telemetry?: TelemetrySettings | undefined
  /** The `host:port` of the run's metrics for Prometheus. */
  readonly metrics?: string | undefined
  readonly prove?: string | undefined
  readonly out: string
}

/** @throws UserError (usage) */
export const parseOutput = (options: ParsedOptions, usualOut: string = USUAL_OUT): RunOutput => ({
  reporters: parseReporters(options, 'run'),
  verbose: flagOf(options, 'verbose'),
  events: parseEvents(options),
  telemetry: parseTelemetry(options),
  metrics: parseMetrics(options),
  prove: parseProve(options),
  out: textOf(options, 'out') ?? usualOut,
})

/** @throws UserError (usage) if the file exists and is no earlier proof. */
function parseProve(options: ParsedOptions): string | undefined {
  const prove = textOf(options, 'prove')
  if (prove !== undefined) refuseToReplaceProof(prove, isForced(options))
  return prove
}

/** @throws UserError (usage) if `--otel` is no HTTP address. */
function parseTelemetry(options: ParsedOptions): TelemetrySettings | undefined {
  const typed = textOf(options, 'otel')
  if (typed === undefined) return undefined
  const isAddress = typed === '' || (URL.canParse(typed) && ['http:', 'https:'].includes(new URL(typed).protocol))
  if (!isAddress)
    throw usageError(`--otel ${typed} is not the address of a collector. Give one such as http://localhost:4318.`)
  return { endpoint: typed }
}

/** @throws UserError (usage) if `--metrics` is not in the form `host:port`. */
export function parseMetrics(options: ParsedOptions): string | undefined {
  const typed = textOf(options, 'metrics')
  if (typed === undefined || /^[^\s/]*:\d{1,5}$/.test(typed)) return typed
  throw usageError(`--metrics ${typed}: write host:port, such as 127.0.0.1:9464.`)
}
