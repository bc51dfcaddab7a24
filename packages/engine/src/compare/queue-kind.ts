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

/** A member that may be undefined. JSON lacks such a member, or contains null. */
const perhaps = <Value>(schema: v.GenericSchema<unknown, Value>) => v.nullish(schema, () => undefined)
const perhapsFinite = perhaps(finite)

const measurement = v.strictObject({
  levels: v.array(v.string()),
  met: v.array(v.string()),
  violated: v.array(v.string()),
  availability: share,
  practical: share,
  ...{ p50: perhapsFinite, p99: perhapsFinite, readP50: perhapsFinite, writeP50: perhapsFinite },
  staleNanos: perhapsFinite,
  staleShare: share,
  outageNanos: finite,
  recovery: perhaps(v.union([finite, v.literal('never')])),
  goodput: v.array(finite),
  lost: perhaps(count),
})

const outcome: v.GenericSchema<unknown, RunTelling['outcome']> = v.picklist([
  ...(['violated', 'met', 'weaker', 'missed', 'unknown', 'vacuous', 'interrupted', 'unchecked'] as const),
])

const runTelling: v.GenericSchema<unknown, RunTelling> = v.strictObject({
  ...{ outcome, what: v.string(), sentence: v.string() },
  why: v.strictObject({
    text: v.string(),
    certainty: v.picklist(['shown', 'likely', 'unknown']),
    settings: v.string(),
  }),
  next: v.strictObject({ text: v.string(), command: perhaps(v.string()) }),
})

const cell: v.GenericSchema<unknown, MeasuredCell | undefined> = perhaps(
  v.strictObject({
    measurement,
    kept: perhaps(v.union([v.boolean(), v.literal('unknown')])),
    broken: perhaps(runTelling),
    toDecide: perhaps(v.string()),
    trouble: v.array(v.string()),
  }),
)

export const cellKind: QueuedKind<RunSpec, MeasuredCell | undefined> = {
  job: cellJob,
  script: 'compare-worker',
  readSpec: readSimulated,
  readResult: (data) => v.parse(cell, data),
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
