import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { inputError, type Millis, millis } from '@chaosproxy/history'
import type { Elsewhere } from '@chaosproxy/runner'
import type { Settings } from '@chaosproxy/workloads'
import * as v from 'valibot'
import { packageVersion } from '../../version.ts'
import { amount, count } from '../numbers.ts'

/** A worker's share of a run's load, without credentials. */
export interface LoadOrder {
  readonly run: string
  /** The clients whose number modulo `of` is `index`. */
  readonly share: { readonly index: number; readonly of: number }
  /** The coordinator's machine, whose loopback addresses others cannot use. */
  readonly machine: string
  readonly elsewhere: Elsewhere
  readonly workload: { readonly name: string; readonly settings: Settings }
  readonly seed: number
  /** `clients` and `rate` are totals of all workers. */
  readonly clients: number
  readonly rate: number
  readonly timeoutMs: Millis
  readonly sticky: boolean | 'while-up'
  /** A worker stops after this time without a message. */
  readonly leaseMs: Millis
}

const MOST_WORKERS = 200
const MOST_CLIENTS = 100_000

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200))
const duration = v.pipe(
  amount,
  v.maxValue(3_600_000),
  v.transform((given) => millis(given)),
)

const order: v.GenericSchema<unknown, LoadOrder> = v.pipe(
  v.strictObject({
    run: v.pipe(v.string(), v.regex(/^[0-9a-f-]{36}$/)),
    share: v.strictObject({ index: count, of: v.pipe(count, v.minValue(1), v.maxValue(MOST_WORKERS)) }),
    machine: v.string(),
    elsewhere: v.strictObject({
      clients: v.looseObject({}),
      addresses: v.array(v.strictObject({ node: name, host: name, port: v.pipe(count, v.maxValue(65_535)) })),
    }),
    workload: v.strictObject({
      name,
      settings: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
    }),
    seed: count,
    clients: v.pipe(count, v.maxValue(MOST_CLIENTS)),
    rate: v.pipe(amount, v.minValue(Number.MIN_VALUE)),
    timeoutMs: duration,
    sticky: v.union([v.boolean(), v.literal('while-up')]),
    leaseMs: duration,
  }),
  v.check(({ share: { index, of } }) => index < of, '"share.index" must be less than "share.of"'),
)

export const printLoadOrder = (given: LoadOrder): object => ({ version: packageVersion(), order: given })

/**
 * @throws UserError (input) if the data does not describe a worker's share of a run, or comes from another version of
 * chaos.
 */
export function readLoadOrder(data: unknown): LoadOrder {
  const outer = v.safeParse(v.strictObject({ version: v.string(), order: v.unknown() }), data)
  if (!outer.success) throw inputError('the job does not describe a part of a run')
  const { version } = outer.output
  if (version !== packageVersion())
    throw inputError(
      `the job comes from chaos ${version}, but this worker runs chaos ${packageVersion()}. Install the same version on both machines.`,
    )
  const found = v.safeParse(order, outer.output.order)
  if (found.success) return found.output
  const [issue] = found.issues
  throw inputError(
    `the job does not describe a part of a run: ${v.getDotPath(issue) ?? 'the whole job'}: ${issue.message}`,
  )
}

/**
 * Identifies a machine. Machines with equal identities share loopback addresses, so each container has its own
 * identity.
 */
export function machineIdentity(): string {
  const parts = [hostname()]
  for (const read of [
    () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    () => readlinkSync('/proc/self/ns/net'),
  ])
    try {
      parts.push(read())
    } catch {
      // Systems other than Linux lack this file of `/proc`. The host's name suffices there.
    }
  return parts.join(' ')
}
