import { USUAL_OUT } from '@chaosproxy/engine'
import { inGroup, word } from '../arguments/declare.ts'
import type { Option, Options } from '../arguments/option.ts'
import { uiOptions } from '../arguments/ui.ts'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import { metricsOptions, parseMetrics } from '../metrics/settings.ts'
import { parseReporters, type ReporterChoice, reporterOptions } from '../reporting/choice.ts'
import { parseTelemetry, type TelemetrySettings, telemetryOptions } from '../telemetry/settings.ts'
import { eventsOption, parseEvents } from './event-file.ts'

/** The options of what is shown of a run, and where. */
export const outputOptions: Options & { readonly out: Option<string | undefined> } = inGroup('Output', [], {
  ...uiOptions,
  out: word('where to create the directory of this run', USUAL_OUT),
  ...eventsOption,
  ...telemetryOptions,
  ...metricsOptions,
  ...reporterOptions(),
})

/** What is shown of a run besides its page, and where. */
export interface RunOutput {
  readonly reporters: readonly ReporterChoice[]
  /** Whether to tell all that happens on stderr. */
  readonly verbose?: boolean | undefined
  /** The file to write events to as they happen. */
  readonly events: string | undefined
  /** Where its traces go, if anywhere. */
  readonly telemetry?: TelemetrySettings | undefined
  /** The `host:port` where Prometheus finds its metrics, if anywhere. */
  readonly metrics?: string | undefined
  /** Where to create run directories. */
  readonly out: string
}

/** @throws UserError (usage) */
export const parseOutput = (options: ParsedOptions, usualOut: string = USUAL_OUT): RunOutput => ({
  reporters: parseReporters(options, 'run'),
  verbose: flagOf(options, 'verbose'),
  events: parseEvents(options),
  telemetry: parseTelemetry(options),
  metrics: parseMetrics(options),
  out: textOf(options, 'out') ?? usualOut,
})
