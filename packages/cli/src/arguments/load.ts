import { usageError } from '@chaosproxy/history'
import { count, type PlannedRun } from '@chaosproxy/runner'
import { findWorkload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import type { ParsedOptions } from '../command.ts'
import type { Option } from '../option.ts'
import { asCount, valuesOf, word } from './declare.ts'

const MOST_WORKERS = 100

/** The options for driving the clients by workers on other machines. */
export const loadOptions: {
  readonly queue: Option<string | undefined>
  readonly workers: Option<number | undefined>
  readonly reach: Option<string | undefined>
} = {
  queue: word(
    'let workers (chaos worker) drive the clients through a Redis queue: redis://host:6379, or env:NAME for the variable that holds the address',
  ),
  workers: asCount(v.optional(count('(with --queue) number of workers that drive clients', 1, MOST_WORKERS)), {
    usual: 'all workers that have joined',
  }),
  reach: word('(with --queue) address of this machine on which the proxies listen for the workers', '127.0.0.1'),
}

/** Names the queue whose workers drive the clients of a run. */
export interface LoadChoice {
  readonly queue: string
  readonly workers?: number | undefined
  readonly reach?: string | undefined
}

/** @throws UserError (usage) if workers cannot drive the clients, or for `--workers` or `--reach` without `--queue`. */
export function parseLoad(options: ParsedOptions, { target, spec }: PlannedRun): LoadChoice | undefined {
  const { queue, workers, reach } = valuesOf(options, loadOptions)
  if (queue === undefined) {
    const given = workers === undefined ? (reach === undefined ? undefined : 'reach') : 'workers'
    if (given === undefined) return undefined
    throw usageError(`--${given} needs a queue of workers. Add --queue, or leave this option out.`)
  }
  const refuse = (why: string): never => {
    throw usageError(`--queue: ${why}`)
  }
  if (target.tier === 'simulated') refuse('a simulated run has no workers. Leave out --queue or --sim.')
  if (target.clients === 'observed') refuse('a recording has no clients that workers could drive. Leave --queue out.')
  if (findWorkload(spec.workload.name) === undefined)
    refuse(`workers do not have the workload ${spec.workload.name}. Choose a built-in workload (see chaos workloads).`)
  if (target.requireElsewhere === undefined)
    refuse(`workers cannot drive the clients of ${target.name}. Leave --queue out.`)
  target.requireElsewhere?.()
  if (spec.clients < (workers ?? 1))
    refuse(`${spec.clients} clients are fewer than ${workers} workers: give more --clients.`)
  return { queue, workers, reach }
}
