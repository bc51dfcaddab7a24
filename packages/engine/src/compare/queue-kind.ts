import { inputError, printable } from '@chaosproxy/history'
import { findProtocol } from '@chaosproxy/protocols'
import type { RunTelling } from '@chaosproxy/report'
import { parseRunSpec, type RunSpec } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { findWorkload } from '@chaosproxy/workloads'
import * as v from 'valibot'
import type { QueuedKind } from '../queue/kind.ts'
import { count, finite } from '../queue/numbers.ts'
import type { MeasuredCell } from './cell.ts'
import { cellJob, titleOf } from './job.ts'

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1))
const perhaps = v.nullish(finite)

const measurement = v.pipe(
  v.strictObject({
    levels: v.array(v.string()),
    met: v.array(v.string()),
    violated: v.array(v.string()),
    availability: share,
    practical: share,
    ...{ p50: perhaps, p99: perhaps, readP50: perhaps, writeP50: perhaps, staleNanos: perhaps },
    staleShare: share,
    outageNanos: finite,
    recovery: v.nullish(v.union([finite, v.literal('never')])),
    goodput: v.array(finite),
    lost: v.nullish(count),
  }),
  v.transform((given): MeasuredCell['measurement'] => ({
    ...given,
    p50: given.p50 ?? undefined,
    p99: given.p99 ?? undefined,
    readP50: given.readP50 ?? undefined,
    writeP50: given.writeP50 ?? undefined,
    staleNanos: given.staleNanos ?? undefined,
    recovery: given.recovery ?? undefined,
    lost: given.lost ?? undefined,
  })),
)

const outcome: v.GenericSchema<unknown, RunTelling['outcome']> = v.picklist([
  ...(['violated', 'met', 'weaker', 'missed', 'unknown', 'vacuous', 'interrupted', 'unchecked'] as const),
])

const runTelling = v.pipe(
  v.strictObject({
    ...{ outcome, what: v.string(), sentence: v.string() },
    why: v.strictObject({
      text: v.string(),
      certainty: v.picklist(['shown', 'likely', 'unknown']),
      settings: v.string(),
    }),
    next: v.strictObject({ text: v.string(), command: v.nullish(v.string()) }),
  }),
  v.transform(
    ({ next, ...given }): RunTelling => ({ ...given, next: { ...next, command: next.command ?? undefined } }),
  ),
)

const cell = v.nullish(
  v.pipe(
    v.strictObject({
      measurement,
      kept: v.nullish(v.union([v.boolean(), v.literal('unknown')])),
      broken: v.nullish(runTelling),
      toDecide: v.nullish(v.string()),
      trouble: v.array(v.string()),
    }),
    v.transform(
      (given): MeasuredCell => ({
        ...given,
        kept: given.kept ?? undefined,
        broken: given.broken ?? undefined,
        toDecide: given.toDecide ?? undefined,
      }),
    ),
  ),
)

export const cellKind: QueuedKind<RunSpec, MeasuredCell | undefined> = {
  job: cellJob,
  script: 'compare-worker',
  readSpec: readSimulated,
  readResult: (data) => v.parse(cell, data) ?? undefined,
  title: titleOf,
}

/**
 * Reads the spec of a simulated run.
 *
 * @throws UserError (input)
 */
function readSimulated(data: unknown, paths: ReadonlySet<string>): RunSpec {
  const spec = parseRunSpec(data, 'spec')
  const { target, workload } = spec
  const protocol = target.name.startsWith(SIMULATED) ? target.name.slice(SIMULATED.length) : ''
  if (target.traffic !== undefined || (findProtocol(protocol) === undefined && !paths.has(protocol)))
    throw inputError(`spec.target: workers run only simulated protocols, and ${target.name} is not one`)
  if (findWorkload(workload.name) === undefined && !paths.has(workload.name))
    throw inputError(`spec.workload: there is no workload ${printable(workload.name)}`)
  return spec
}
