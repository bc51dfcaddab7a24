import { UserError } from '@chaosproxy/history'
import { type Calibration, isLike, keepCalibration, readCalibrations } from './calibration.ts'
import {
  type Measuring,
  measureCheck,
  measuredCheck,
  measuredSearch,
  measureSearch,
  shapeOfCheck,
  shapeOfSearch,
  sizeOfMachine,
} from './measure.ts'
import { type Asked, type Plan, planCheck, planSearch } from './predict.ts'
import type { CheckSizes } from './recording.ts'

/** What is planned: a check of a recording, or a search with these options. */
export type Planned =
  | { readonly kind: 'check'; readonly sizes: CheckSizes }
  | { readonly kind: 'fuzz'; readonly options: readonly string[] }

/** A plan, and what it is based on. */
export interface MadePlan {
  readonly plan: Plan
  readonly measured: Calibration
}

/** What the work itself costs, measured once: what a plan is compared with. */
export const measured: { readonly check: typeof measuredCheck; readonly search: typeof measuredSearch } = {
  check: measuredCheck,
  search: measuredSearch,
}

/** @throws UserError as `calibrated` does. */
export async function makePlan(
  planned: Planned,
  asked: Asked & { readonly calibration: string | undefined },
  measuring: Measuring,
): Promise<MadePlan> {
  const measured = await calibrated(planned, asked.calibration, measuring)
  return { measured, plan: planned.kind === 'check' ? planCheck(measured, asked) : planSearch(measured, asked) }
}

/**
 * What was measured for such work: taken from the file, or measured now, and added to it.
 *
 * @throws UserError (input) for a file with measurements of other work alone; as `measureCheck` does.
 */
async function calibrated(planned: Planned, file: string | undefined, measuring: Measuring): Promise<Calibration> {
  const asked = {
    kind: planned.kind,
    shape: planned.kind === 'check' ? shapeOfCheck(planned.sizes) : shapeOfSearch(planned.options),
  }
  const known = file === undefined ? [] : readCalibrations(file)
  const measured = known.findLast((each) => isLike(each, asked))
  if (measured !== undefined) return measured
  const here = JSON.stringify(sizeOfMachine())
  const other = known.find(({ machine }) => JSON.stringify(machine) !== here)
  if (other !== undefined)
    throw new UserError(
      'input',
      `--calibration ${file}: it is of another machine (${other.machine.processor}), where nothing like this was measured. Plan it there once, with the same file.`,
    )
  const found =
    planned.kind === 'check'
      ? await measureCheck(planned.sizes, measuring)
      : await measureSearch(planned.options, measuring)
  if (file !== undefined) keepCalibration(file, found)
  return found
}
