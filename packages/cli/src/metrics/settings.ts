import { UserError } from '@chaosproxy/history'
import { word } from '../arguments/declare.ts'
import type { Options } from '../arguments/option.ts'
import { type ParsedOptions, textOf } from '../command.ts'

export const metricsOptions: Options = {
  metrics: word('serve metrics of the run for Prometheus at this host:port, such as 127.0.0.1:9464, under /metrics'),
}

/** @throws UserError (usage) for what is no address. */
export function parseMetrics(options: ParsedOptions): string | undefined {
  const typed = textOf(options, 'metrics')
  if (typed === undefined || /^[^\s/]*:\d{1,5}$/.test(typed)) return typed
  throw new UserError('usage', `--metrics ${typed}: write host:port, such as 127.0.0.1:9464.`)
}
