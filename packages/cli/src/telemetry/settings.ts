import { UserError } from '@chaosproxy/history'
import { wordOrNone } from '../arguments/declare.ts'
import type { Options } from '../arguments/option.ts'
import { type ParsedOptions, textOf } from '../command.ts'

export const telemetryOptions: Options = {
  otel: wordOrNone(
    'send operations and faults as OpenTelemetry traces to this collector (OTLP over HTTP), such as http://localhost:4318; without an address, where OTEL_EXPORTER_OTLP_ENDPOINT says',
  ),
}

/** Where traces go; an empty text leaves that to the environment. */
export interface TelemetrySettings {
  readonly endpoint: string
}

/** @throws UserError (usage) for an address that is none. */
export function parseTelemetry(options: ParsedOptions): TelemetrySettings | undefined {
  const typed = textOf(options, 'otel')
  if (typed === undefined) return undefined
  const isAddress = typed === '' || (URL.canParse(typed) && ['http:', 'https:'].includes(new URL(typed).protocol))
  if (!isAddress)
    throw new UserError('usage', `--otel ${typed}: this is no address of a collector, such as http://localhost:4318.`)
  return { endpoint: typed }
}
