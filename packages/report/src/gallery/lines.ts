import { type ExhibitResult, exhibitOutcome, longestSeconds, trialsText } from './exhibit-result.ts'

const MARKS = { 'as described': '✔', 'not as described': '✘', skipped: '–' } as const

/** Returns the outcome of an exhibit, and the trials that deviate from it. */
export function exhibitLines(exhibit: ExhibitResult): readonly string[] {
  const outcome = exhibitOutcome(exhibit)
  const time = outcome === 'skipped' ? '' : `, ${longestSeconds(exhibit).toFixed(1)} s at most`
  const wrong = [
    ...exhibit.weaknessTrials.filter((trial) => trial.outcome !== 'found').map((trial) => ['weakness', trial] as const),
    ...exhibit.cureTrials.filter((trial) => trial.outcome !== 'clean').map((trial) => ['cure', trial] as const),
  ]
  return [
    `  ${MARKS[outcome]} ${exhibit.name}  ${trialsText(exhibit)}${time}`,
    ...wrong.map(
      ([what, { seed, said, exitCode }]) => `      ${what}, seed ${seed}, exit code ${exitCode ?? 'none'}: ${said}`,
    ),
  ]
}
